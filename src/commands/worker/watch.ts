import {Flags} from '@oclif/core'
import {HelixCommand, STREAM_FORMATS} from '../../cli/base-command.js'
import {tellWorkers} from '../../cli/watch-lines.js'
import {watch} from '../../cli/watching.js'
import {type WatchedWorker, WorkerWatch} from '../../core/watch/watch-workers.js'

export default class WorkerWatchCommand extends HelixCommand<{workers: WatchedWorker[]}> {
  static override summary = 'watch the workers of the pool live'
  static override description =
    'Shows all workers with totals until q is pressed. Where there is no terminal, in CI and with TERM=dumb it prints a line for each worker, and one whenever a worker comes, goes or is in another state; with --json these go to standard error, and the workers as they were last to standard output.'
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --output stream-json']
  static override flags = {
    output: Flags.option({options: STREAM_FORMATS, description: 'how it is printed; stream-json: one event a line', helpGroup: 'GLOBAL'})(),
  }

  async run(): Promise<{workers: WatchedWorker[]}> {
    await this.parse(WorkerWatchCommand)
    const {store, hostId} = await (await this.services()).workers()
    const workers = new WorkerWatch(store, hostId)
    let last: WatchedWorker[] = []
    const look = async () => {
      const found = await workers.look()
      last = found.workers
      return found
    }
    await watch({
      streams: this.streams,
      hasResult: this.jsonEnabled(),
      show: ({showWorkers}, stop) => showWorkers({look}, stop),
      lines: (print) => ({look, tell: tellWorkers(print)}),
    })
    return {workers: last}
  }
}
