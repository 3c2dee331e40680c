import {AGENT_PROTOCOL} from './core/workers/agent-scripts.js'
import {runNodeAgent} from './core/workers/node-agent.js'

const [mark = '', root = '', protocol] = process.argv.slice(2)
if (protocol === String(AGENT_PROTOCOL)) runNodeAgent(mark, root)
else process.exitCode = 1
