import {runNodeAgent} from './core/workers/node-agent.js'

const [mark = '', root = ''] = process.argv.slice(2)
runNodeAgent(mark, root)
