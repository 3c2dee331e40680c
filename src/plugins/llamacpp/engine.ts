import {setTimeout as sleep} from 'node:timers/promises'
import type {ChatWrapper, LlamaChat, LlamaContext, LlamaModel} from 'node-llama-cpp'
import {messageOf} from '../../core/errors/helix-error.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import type {ProviderOptions} from '../../core/providers/provider-plugin.js'
import {freeGroupMemory, IdleCores} from './hardware.js'
import {type Library, type LoadedLlama, loadLlama} from './load-llama.js'
import {findModelFile, invalidModel, type ModelFile} from './model-file.js'
import {Pace} from './pace.js'

/** Tokens. Many models could take ten times as many, and most of the machine's memory with them. */
const DEFAULT_CONTEXT = 16_384
const SMALLEST_CONTEXT = 256
const LONGEST_LOG_DELAY_MS = 2000
const LONGEST_DISPOSAL_MS = 500

interface EngineSettings {
  models_folder?: string
  threads?: number
  gpu_layers?: number
  context_size?: number
}

/** A model in memory. */
export interface LoadedModel {
  path: string
  library: Library
  model: LlamaModel
  context: LlamaContext
  /** Keeps what it has evaluated: a conversation that goes on is not evaluated anew. */
  chat: LlamaChat
  /** The same without thoughts, for answers that follow a grammar: thoughts would have to follow it too. */
  plainChat: LlamaChat
  pace: Pace
}

/** llama.cpp with the one model that was asked for last. */
export class Engine {
  readonly settings: EngineSettings
  readonly #id: string
  readonly #packageFolder: string
  readonly #idleCores = new IdleCores()
  #loaded: LoadedModel | undefined

  constructor({id, settings, packageFolder}: ProviderOptions) {
    this.#id = id
    this.settings = settings
    this.#packageFolder = packageFolder
  }

  /** llama.cpp itself, without a model. */
  start(): Promise<LoadedLlama> {
    return loadLlama(this.#packageFolder, this.settings.gpu_layers !== 0)
  }

  /** The model of that name, ready for a request; another one is removed from memory first. */
  async load(name: string, signal: AbortSignal): Promise<LoadedModel> {
    const file = await findModelFile(name, this.settings.models_folder)
    const started = await this.start()
    signal.throwIfAborted()
    if (this.#loaded?.path !== file.path) {
      await this.unload()
      this.#loaded = await this.#open(file, started, signal)
    }
    this.#loaded.pace.begin(signal)
    return this.#loaded
  }

  /** Forgets what the model has evaluated: after a failure it is not known how much that is. */
  async forget(): Promise<void> {
    const loaded = this.#loaded
    if (!loaded || loaded.model.disposed) return
    try {
      const {chatWrapper, sequence} = loaded.chat
      await sequence.dispose()
      Object.assign(loaded, chatsOf(loaded.library, loaded.context, chatWrapper))
    } catch {
      await this.unload()
    }
  }

  /** Frees the model's memory. */
  async unload(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = undefined
    await loaded?.model.dispose()
  }

  async #open(file: ModelFile, {library, llama, log}: LoadedLlama, signal: AbortSignal): Promise<LoadedModel> {
    const {gpu_layers, context_size} = this.settings
    const {path} = file
    const memory = await this.#checkMemory(file, llama)
    await llama.setRamCap(memory)
    log.length = 0
    let model: LlamaModel | undefined
    try {
      model = await llama.loadModel({modelPath: path, gpuLayers: gpu_layers ?? 'auto', loadSignal: signal})
      const pace = new Pace()
      // As many as a context may ever use; how many it does use is decided before each batch.
      const threads = this.settings.threads ?? llama.cpuMathCores
      llama.maxThreads = threads
      const context = await model.createContext({
        batching: {
          itemPrioritizationStrategy: ({items, size}) => {
            llama.maxThreads = this.settings.threads ?? Math.min(threads, this.#idleCores.read())
            return items.map((item) => ({item, processAmount: pace.next(item.tokens.length, size)}))
          },
        },
        contextSize: context_size ?? {min: SMALLEST_CONTEXT, max: DEFAULT_CONTEXT},
        createSignal: signal,
        threads,
      })
      return {path, library, model, context, pace, ...chatsOf(library, context, chatWrapperOf(library, model))}
    } catch (error) {
      // A context that could not be created may keep its model from being disposed of; nobody needs to wait for that.
      if (model) await Promise.race([model.dispose(), sleep(LONGEST_DISPOSAL_MS, undefined, {ref: false})])
      signal.throwIfAborted()
      if (error instanceof library.InsufficientMemoryError) throw this.#memoryShort(`${path} does not fit: ${error.message}`, error)
      const reason = await reasonOf(error, log)
      if (model) throw new ProviderError('unavailable', `${path} cannot be used: ${reason}`, {code: 'MODEL_FAILED', cause: error})
      throw invalidModel(`${path} cannot be loaded: ${reason}`, error)
    }
  }

  /** Bytes of memory that are free. Throws `unavailable` where the model is larger. */
  async #checkMemory({path, bytes}: ModelFile, llama: LoadedLlama['llama']): Promise<number> {
    const [ram, group, vram] = await Promise.all([llama.getRamState(), freeGroupMemory(), llama.getVramState()])
    const free = Math.min(ram.free, group)
    const onGpu = vram.unifiedSize > 0 || this.settings.gpu_layers === 0 ? 0 : vram.free
    if (bytes > free + onGpu) throw this.#memoryShort(`${path} needs ${showSize(bytes)} of memory, and ${showSize(free + onGpu)} is free`)
    return free
  }

  #memoryShort(message: string, cause?: unknown): ProviderError {
    const hint = `Take a smaller model or quantisation, or a smaller context: helix config set providers.${this.#id}.context_size TOKENS`
    return new ProviderError('unavailable', message, {code: 'MEMORY_SHORT', hint, cause})
  }
}

// The template of the model, or what node-llama-cpp knows of its family. Templates that it cannot run it would report on the terminal.
function chatWrapperOf(library: Library, model: LlamaModel): ChatWrapper {
  try {
    return library.resolveChatWrapper(model, {fallbackToOtherWrappersOnJinjaError: false, warningLogs: false})
  } catch {
    return library.resolveChatWrapper(model, {noJinja: true, warningLogs: false})
  }
}

function chatsOf({LlamaChat}: Library, context: LlamaContext, chatWrapper: ChatWrapper): Pick<LoadedModel, 'chat' | 'plainChat'> {
  const contextSequence = context.getSequence()
  const plain: ChatWrapper = Object.create(chatWrapper, {settings: {value: {...chatWrapper.settings, segments: {}}}})
  return {chat: new LlamaChat({contextSequence, chatWrapper}), plainChat: new LlamaChat({contextSequence, chatWrapper: plain})}
}

// What llama.cpp logs comes from another thread, a little later, and the reason may not be its first line.
async function reasonOf(error: unknown, log: readonly string[]): Promise<string> {
  const find = () => log.find((line) => /error|fail|invalid|corrupt|unknown|missing|not /i.test(line))
  for (let waited = 0; !find() && waited < LONGEST_LOG_DELAY_MS; waited += 10) await sleep(10)
  return (find() ?? messageOf(error)).replace(/^\w+: /, '')
}

function showSize(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
