import {createHash} from 'node:crypto'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/**
 * Which models have just failed, for every Helix of this user on this machine: a file for each, with the time until which it is passed
 * over, in milliseconds since 1970. What cannot be read or written costs an attempt in vain, and no more.
 */
export class Cooldowns {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Those of the models that are not to be passed over, or all where there would be none. */
  async leaveOut(models: readonly string[]): Promise<readonly string[]> {
    if (models.length < 2) return models
    const untils = await Promise.all(models.map((model) => this.#until(model)))
    const ready = models.filter((_, index) => !((untils[index] as number) > Date.now()))
    return ready.length > 0 ? ready : models
  }

  /** Passes a model over for so many milliseconds. */
  async add(model: string, milliseconds: number): Promise<void> {
    try {
      await mkdir(this.#folder, {recursive: true})
      await writeFile(this.#file(model), String(Date.now() + milliseconds))
    } catch {}
  }

  async #until(model: string): Promise<number> {
    return Number(await readFile(this.#file(model), 'utf8').catch(() => 0))
  }

  #file(model: string): string {
    return join(this.#folder, createHash('sha256').update(model).digest('hex').slice(0, 32))
  }
}
