import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeGpus, describeTarget, describeUse} from '../../cli/describe-worker.js'
import {formatTable} from '../../cli/table.js'
import {foundCapabilities, viewWorkers, type WorkerView} from '../../core/workers/worker-view.js'

export default class WorkerList extends HelixCommand<{workers: WorkerView[]}> {
  static override summary = 'list the workers of the pool'
  static override description = 'Capabilities are those declared, and how many more were found; --wide names them. Load is as of the last look at the worker.'
  static override flags = {wide: Flags.boolean({description: 'with the capabilities that were found, and the free disk'})}

  async run(): Promise<{workers: WorkerView[]}> {
    const {flags} = await this.parse(WorkerList)
    const {store, hostId} = await (await this.services()).workers()
    const workers = await viewWorkers(store, hostId)
    const rows = workers.map((worker) => {
      const {resources, load} = worker
      const found = foundCapabilities(worker)
      return [
        worker.name,
        worker.status,
        `${worker.running}/${worker.slots}`,
        load.cpu_percent === undefined ? '-' : `${load.cpu_percent}%`,
        describeUse(load.memory_used_bytes, resources.memory_bytes),
        describeGpus(worker),
        ...(flags.wide ? [describeUse(load.disk_free_bytes, resources.disk_bytes)] : []),
        describeTarget(worker),
        [...worker.capabilities, ...(flags.wide ? found : found.length > 0 ? [`+${found.length}`] : [])].join(',') || '-',
        worker.status_reason ?? '',
      ]
    })
    const headings = ['NAME', 'STATUS', 'SLOTS', 'CPU', 'MEMORY', 'GPUS', ...(flags.wide ? ['DISK FREE'] : []), 'TARGET', 'CAPABILITIES', 'REASON']
    this.log(formatTable(headings, rows))
    return {workers}
  }
}
