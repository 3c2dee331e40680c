// Every commit message that git can see is a Conventional Commit (https://www.conventionalcommits.org/en/v1.0.0/). A range narrows it: scripts/commits.js main..
import {execFileSync} from 'node:child_process'
import {faultOf} from './commit-message.js'

const messages = readMessages(process.argv[2] ?? 'HEAD')
const faulty = messages.filter(({text}) => faultOf(text) !== undefined)
for (const {hash, text} of faulty) console.error(`${hash} "${text.split('\n')[0]}" ${faultOf(text)}`)
console.log(messages.length === 0 ? 'skipped: there is no git history here' : `${messages.length} commit messages, ${faulty.length} faulty`)
if (faulty.length > 0) process.exitCode = 1

function readMessages(range) {
  try {
    // Merges and reverts carry git's own wording. A shallow clone shows what it has.
    const log = execFileSync('git', ['log', '--no-merges', '--format=%h%x00%B%x1e', range, '--'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
    return log
      .split('\x1e')
      .map((entry) => entry.trim().split('\0'))
      .filter(([hash, text]) => hash && text && !text.startsWith('Revert "'))
      .map(([hash, text]) => ({hash, text}))
  } catch {
    return []
  }
}
