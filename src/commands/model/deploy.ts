import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeBytes} from '../../cli/describe-model.js'
import {PullLines} from '../../cli/pull-lines.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {tellFailure} from '../../cli/worker-failure.js'
import {EXIT_CODES} from '../../core/errors/helix-error.js'
import {type DeployResult, deployModel, selectTargets} from '../../core/models/deploy-model.js'

export default class ModelDeploy extends HelixCommand<{workers: object[]}> {
  static override summary = 'bring a model to workers'
  static override description =
    "Each worker's own model server fetches it, several at once; a GGUF file is copied into ~/.local/share/helix/models of the worker, and checked there. What is there already stays, and what a server fetched before it was cut off counts, so the command can be repeated."
  static override args = {
    model: Args.string({required: true, ignoreStdin: true, description: 'provider/model, for example ollama/qwen3, or the path of a GGUF file'}),
  }
  static override flags = {
    worker: Flags.string({multiple: true, multipleNonGreedy: true, helpValue: 'NAME', description: 'to this worker; may be repeated'}),
    capability: Flags.string({multiple: true, multipleNonGreedy: true, helpValue: 'NAME', description: 'to all workers with this capability; may be repeated'}),
    all: Flags.boolean({description: 'to every worker that is reached over SSH'}),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> ollama/qwen3 --worker gpu-1 --worker gpu-2',
    '<%= config.bin %> <%= command.id %> ollama/qwen3 --capability gpu',
    '<%= config.bin %> <%= command.id %> ./small.gguf --worker gpu-1',
  ]

  async run(): Promise<{workers: object[]}> {
    const {args, flags} = await this.parse(ModelDeploy)
    const fleet = await (await this.services()).fleet()
    const workers = await selectTargets(fleet, {workers: flags.worker ?? [], capabilities: flags.capability ?? [], all: flags.all})
    const lines = new PullLines()
    const signal = stopOnSignal()
    const results = await deployModel(fleet, {
      model: args.model,
      workers,
      signal,
      onProgress: (worker, progress) => lines.show(worker, progress),
      onEnd: ({worker, model}) => {
        lines.end(worker)
        if (model) this.log(`✓ ${worker}: ${model.provider}/${model.name}, ${describeBytes(model.sizeBytes)}`)
      },
    })
    const views = results.map((result) => this.#conclude(result, results.length))
    if (signal.aborted) process.exitCode = EXIT_CODES.interrupted
    return {workers: views}
  }

  #conclude({worker, model, error}: DeployResult, count: number): object {
    return {
      worker,
      model: model ? `${model.provider}@${worker}/${model.name}` : null,
      size_bytes: model?.sizeBytes ?? null,
      digest: model?.digest ?? null,
      error: tellFailure(worker, error, count, (text) => this.logToStderr(text)),
    }
  }
}
