import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {showInstallProgress} from '../../cli/install-progress.js'
import {formatStep} from '../../cli/show-step.js'
import {readPairs} from '../../cli/task-flags.js'
import type {ConnectOptions} from '../../core/workers/connect-worker.js'
import {addWorker} from '../../core/workers/manage-workers.js'
import type {WorkerStep} from '../../core/workers/worker-steps.js'
import {viewWorker, type WorkerView} from '../../core/workers/worker-view.js'

type AddedWorker = WorkerView & {steps: WorkerStep[]}

export default class WorkerAdd extends HelixCommand<AddedWorker> {
  static override summary = 'add a machine to the worker pool'
  static override description =
    `Connects and logs in before anything is stored. ~/.ssh/config counts: aliases, ports, users, keys, agent, ProxyJump. The host key must be in known_hosts, have the fingerprint of --host-key, or be accepted with --accept-new; from then on no other key is taken for this worker. Then it is looked at, and Helix is installed there (workers.auto_install); tasks run without that too.`
  static override args = {
    name: Args.string({required: true, ignoreStdin: true, description: 'what to call it'}),
    target: Args.string({required: true, ignoreStdin: true, description: 'user@host[:port], or a Host of ssh_config'}),
  }
  static override flags = {
    transport: Flags.option({options: ['ssh2', 'openssh'] as const, default: 'ssh2', description: "who speaks SSH: Helix itself, or the system's ssh"})(),
    slots: Flags.integer({default: 1, min: 1, description: 'tasks the worker may run at once'}),
    capability: Flags.string({char: 'c', multiple: true, multipleNonGreedy: true, description: 'what the worker can do; tasks ask for it'}),
    label: Flags.string({multiple: true, multipleNonGreedy: true, description: 'free name and value', helpValue: 'NAME=VALUE'}),
    key: Flags.string({description: 'private key file', helpValue: 'PATH'}),
    passphrase: Flags.string({description: "where the key's passphrase is", helpValue: 'env:NAME|keyring:NAME'}),
    password: Flags.string({description: 'where the password is; asked for on a terminal otherwise', helpValue: 'env:NAME|keyring:NAME'}),
    'known-hosts': Flags.string({description: "a known_hosts file beside the user's own", helpValue: 'PATH'}),
    'host-key': Flags.string({description: 'fingerprint that the host key must have', helpValue: 'SHA256:…'}),
    'accept-new': Flags.boolean({description: 'take the key of a host that is not known yet'}),
    install: Flags.boolean({allowNo: true, description: 'install Helix there (default: workers.auto_install)'}),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu-1 ci@gpu-1.example --slots 4 --capability gpu',
    '<%= config.bin %> <%= command.id %> build build.example:2222 --key ~/.ssh/ci --accept-new',
  ]

  async run(): Promise<AddedWorker> {
    const {args, flags} = await this.parse(WorkerAdd)
    const services = await this.services()
    const context = await services.workers()
    const options = {
      name: args.name,
      target: args.target,
      slots: flags.slots,
      capabilities: flags.capability ?? [],
      labels: readPairs('--label', flags.label ?? []),
      keyPath: flags.key,
      passphrase: flags.passphrase,
      password: flags.password,
      knownHosts: flags['known-hosts'],
      hostKey: flags['host-key'],
      acceptNew: flags['accept-new'],
      transport: flags.transport,
    }
    const progress = showInstallProgress()
    const connect: ConnectOptions = {
      source: services.installSource,
      autoInstall: flags.install ?? services.config.values.workers.auto_install,
      onProgress: (...done) => progress.show(args.name, ...done),
    }
    const steps = await addWorker(context, options, connect, (step) => {
      progress.clear()
      this.logToStderr(formatStep(step))
    })
    const worker = await viewWorker(context, args.name)
    this.log(`Added ${worker.name} (${worker.username}@${worker.host}:${worker.port}, ${worker.host_key}). Check it with: helix worker test ${worker.name}`)
    return {...worker, steps}
  }
}
