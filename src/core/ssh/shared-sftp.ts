import {SftpFiles} from './sftp-files.js'
import type {SftpSession} from './sftp-session.js'

/** The one SFTP session of a connection: opened when it is first needed, shared by all who need it. */
export class SharedSftp {
  readonly #open: () => Promise<SftpSession | undefined>
  #current: Promise<{session: SftpSession; files: SftpFiles} | undefined> | undefined
  #users = 0

  /** `open` gives undefined where the server has no SFTP; it is then not asked again. */
  constructor(open: () => Promise<SftpSession | undefined>) {
    this.#open = open
  }

  /** Runs an operation on the files, or `otherwise` where there is no SFTP. */
  async use<T>(operation: (files: SftpFiles) => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    this.#users += 1
    try {
      const files = await this.#files()
      return await (files === undefined ? otherwise() : operation(files))
    } finally {
      this.#users -= 1
    }
  }

  /** Closes the session if nobody uses it just now; the next use opens a new one. */
  async giveBack(): Promise<void> {
    if (this.#users > 0) return
    const open = await this.#current?.catch(() => undefined)
    if (open === undefined || this.#users > 0) return
    this.#current = undefined
    open.files.end()
  }

  async #files(): Promise<SftpFiles | undefined> {
    for (;;) {
      this.#current ??= this.#openFiles()
      const current = this.#current
      const forget = () => {
        if (this.#current === current) this.#current = undefined
      }
      // A failure to open is of those who wait now; the next one tries again.
      const open = await current.catch((error: unknown) => {
        forget()
        throw error
      })
      if (open === undefined || open.session.isOpen) return open?.files
      forget()
    }
  }

  async #openFiles(): Promise<{session: SftpSession; files: SftpFiles} | undefined> {
    const session = await this.#open()
    return session && {session, files: new SftpFiles(session)}
  }
}
