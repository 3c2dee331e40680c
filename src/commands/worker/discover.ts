import {homedir} from 'node:os'
import {HelixCommand} from '../../cli/base-command.js'
import {describeTarget} from '../../cli/describe-worker.js'
import {formatTable} from '../../cli/table.js'
import {showLine} from '../../core/show-text.js'
import {quoteArgument} from '../../core/ssh/quote-argument.js'
import {type Candidates, type FilePlace, findCandidates, type WorkerCandidate} from '../../core/workers/find-candidates.js'

export default class WorkerDiscover extends HelixCommand<Candidates> {
  static override summary = 'find machines that could become workers'
  static override description =
    'Lists the hosts that your ssh_config and known_hosts name, each once, with user, port and jump hosts as ssh_config says, and which are workers already. Connects to none of them. Hashed names of known_hosts cannot be read.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json']

  async run(): Promise<Candidates> {
    await this.parse(WorkerDiscover)
    const found = await findCandidates(await (await this.services()).workers())
    const {candidates, unread_hashed_lines: hashed} = found
    if (candidates.length === 0) this.log('There are no candidates. Add a machine with: helix worker add NAME user@host')
    else this.log(formatTable(['NAME', 'TARGET', 'VIA', 'HOST KEY', 'WORKER', 'FOUND IN'], candidates.map(toRow)))
    if (hashed > 0) this.logToStderr(`${hashed} ${hashed === 1 ? 'line' : 'lines'} of known_hosts with a hashed name cannot be read.`)
    const next = candidates.find(({worker}) => worker === null)
    if (next) this.logToStderr(`Add one with: ${addCommand(next)}`)
    else if (candidates.length > 0) this.logToStderr('All of them are workers already.')
    return found
  }
}

function toRow(candidate: WorkerCandidate): string[] {
  const {name, proxy_jump, transport, host_key_known, worker, found_in} = candidate
  return [
    name,
    describeTarget(candidate),
    proxy_jump.join(',') || (transport === 'openssh' ? 'ProxyCommand' : '-'),
    host_key_known ? 'known' : 'unknown',
    worker ?? '-',
    describePlaces(found_in),
  ]
}

/** `~/.ssh/config:3, ~/.ssh/known_hosts:1,2` */
function describePlaces(places: readonly FilePlace[]): string {
  const home = `${homedir()}/`
  return [...Map.groupBy(places, ({file}) => file)]
    .map(
      ([file, lines]) =>
        `${file.startsWith(home) ? `~/${file.slice(home.length)}` : file}:${lines
          .map(({line}) => line)
          .sort((a, b) => a - b)
          .join(',')}`,
    )
    .join(' ')
}

function addCommand({name, target, transport}: WorkerCandidate): string {
  const words = ['helix', 'worker', 'add', name, target, ...(transport === 'openssh' ? ['--transport', 'openssh'] : [])]
  return showLine(words.map((word) => (/^[\w@%+.:-]+$/u.test(word) ? word : quoteArgument(word))).join(' '))
}
