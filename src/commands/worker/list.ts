import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {viewWorkers, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerList extends HelixCommand<{workers: WorkerView[]}> {
  static override summary = 'list the workers of the pool'

  async run(): Promise<{workers: WorkerView[]}> {
    await this.parse(WorkerList)
    const {store, hostId} = await (await this.services()).workers()
    const workers = await viewWorkers(store, hostId)
    const rows = workers.map((worker) => [
      worker.name,
      worker.status,
      `${worker.running}/${worker.slots}`,
      worker.origin === 'local' ? 'this machine' : `${worker.username && `${worker.username}@`}${worker.host}${worker.port ? `:${worker.port}` : ''}`,
      worker.capabilities.join(',') || '-',
      worker.status_reason ?? '',
    ])
    this.log(formatTable(['NAME', 'STATUS', 'SLOTS', 'TARGET', 'CAPABILITIES', 'REASON'], rows))
    return {workers}
  }
}
