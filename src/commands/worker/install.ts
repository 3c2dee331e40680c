import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {showInstallProgress} from '../../cli/install-progress.js'
import {formatStep} from '../../cli/show-step.js'
import {tellFailure} from '../../cli/worker-failure.js'
import {type InstallResult, installOnWorkers, selectWorkers} from '../../core/workers/install/install-on-workers.js'

export default class WorkerInstall extends HelixCommand<{workers: object[]}> {
  static override summary = 'install Helix on workers, or bring it up to date'
  static override description =
    'Copies this Helix to the worker, and a Node for its system where it has no fitting one; needs no root, no network and no Node there. The version in use stays until the new one has run on the worker. Tasks run without it too, by the shell.'
  static override strict = false
  static override args = {name: Args.string({ignoreStdin: true, description: 'names of workers'})}
  static override usage = 'worker install NAME... [--force]'
  static override flags = {
    all: Flags.boolean({description: 'on every worker that is reached over SSH'}),
    force: Flags.boolean({description: 'install again what is there already, with the newest Node'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> w1 w2', '<%= config.bin %> <%= command.id %> --all']

  async run(): Promise<{workers: object[]}> {
    const {argv, flags} = await this.parse(WorkerInstall)
    const services = await this.services()
    const workers = await selectWorkers(await services.workers(), argv as string[], flags.all)
    const connections = await services.connections()
    const progress = showInstallProgress()
    const prefix = (worker: string) => (workers.length > 1 ? `${worker}: ` : '')
    const results = await installOnWorkers(workers, {
      store: await services.store(),
      source: services.installSource,
      connect: (worker) => connections.get(worker),
      force: flags.force,
      onStep: (worker, step) => {
        progress.clear()
        this.log(prefix(worker) + formatStep(step))
      },
      onProgress: (worker, ...done) => progress.show(worker, ...done),
    })
    progress.clear()
    return {workers: results.map((result) => this.#conclude(result, results.length))}
  }

  #conclude({worker, installation, steps, error}: InstallResult, count: number): object {
    return {
      worker,
      installed: installation?.isNew ?? false,
      version: installation?.version ?? null,
      node: installation?.node ?? null,
      sent_bytes: installation?.sentBytes ?? 0,
      steps,
      error: tellFailure(worker, error, count, (text) => this.logToStderr(text)),
    }
  }
}
