import type {Llama} from 'node-llama-cpp'
import {errorCode, messageOf} from '../../core/errors/helix-error.js'
import {findPackage} from '../../core/providers/installed-package.js'
import {ProviderError} from '../../core/providers/provider-error.js'

export type Library = typeof import('node-llama-cpp')

export interface LoadedLlama {
  library: Library
  llama: Llama
  /** The last errors that llama.cpp has logged, oldest first; it keeps the reason of most failures to its log. */
  log: string[]
}

const PACKAGE = 'node-llama-cpp'
const HINT = 'Install it: helix provider install llamacpp'
const MOST_LOGGED = 8

// One for all providers, which is never disposed of: its native part has one logger for the whole process, and after a model that
// could not be loaded, disposing of it may wait for ever. The memory is the models', and those are freed.
const started = new Map<string, Promise<LoadedLlama>>()

/** llama.cpp itself, loaded without building, downloading or printing anything. Throws `config` where it is not installed or has no build for this machine. */
export function loadLlama(packageFolder: string, useGpu: boolean): Promise<LoadedLlama> {
  const key = JSON.stringify([packageFolder, useGpu])
  const known = started.get(key)
  if (known) return known
  const loading = start(packageFolder, useGpu)
  started.set(key, loading)
  // It may have been installed by the next time.
  loading.catch(() => started.delete(key))
  return loading
}

async function start(packageFolder: string, useGpu: boolean): Promise<LoadedLlama> {
  const library = await importLibrary(packageFolder)
  const log: string[] = []
  try {
    const llama = await library.getLlama({
      build: 'never',
      debug: false,
      gpu: useGpu ? 'auto' : false,
      logger: (_level, message) => {
        log.push(message.trim())
        if (log.length > MOST_LOGGED) log.shift()
      },
      logLevel: library.LlamaLogLevel.error,
      progressLogs: false,
      skipDownload: true,
    })
    return {library, llama, log}
  } catch (error) {
    const message = `${PACKAGE} has no build of llama.cpp that works on this machine (${process.platform} ${process.arch}): ${messageOf(error)}`
    throw new ProviderError('config', message, {code: 'PACKAGE_BROKEN', hint: 'Install it anew: helix provider install llamacpp', cause: error})
  }
}

async function importLibrary(packageFolder: string): Promise<Library> {
  const installed = await findPackage(packageFolder, PACKAGE)
  // It is an ES module that waits while it loads: the bundle must not make a require of this.
  const specifier = installed?.entry ?? PACKAGE
  try {
    return await import(specifier)
  } catch (error) {
    if (!installed && ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(errorCode(error))) {
      throw new ProviderError('config', `the package ${PACKAGE}, which runs models, is not installed`, {code: 'PACKAGE_MISSING', hint: HINT, cause: error})
    }
    throw new ProviderError('config', `${PACKAGE} does not load: ${messageOf(error)}`, {code: 'PACKAGE_BROKEN', hint: HINT, cause: error})
  }
}
