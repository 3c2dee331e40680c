import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {gzipSync} from 'node:zlib'

export interface PublishedPackage {
  name: string
  version?: string
  /** Contents of its files; package.json is made where it is not among them. */
  files: Record<string, string>
  manifest?: Record<string, unknown>
}

/** A registry on this machine that npm can install from. */
export class NpmRegistry {
  readonly #server: Server
  readonly #tarballs = new Map<string, Buffer>()
  readonly #documents = new Map<string, object>()
  /** Paths that were asked for. */
  readonly requests: string[] = []
  /** Whether requests for packages are left without an answer. */
  isStalled = false

  constructor() {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '')
      this.requests.push(path)
      if (this.isStalled) return
      const tarball = this.#tarballs.get(path)
      const document = this.#documents.get(path)
      if (tarball) response.end(tarball)
      else if (document) response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
      else response.writeHead(404).end('{}')
    })
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Replaces what was published under that name. */
  publish({name, version = '1.0.0', files, manifest = {}}: PublishedPackage): void {
    const description = {name, version, main: 'index.js', ...manifest}
    const tarball = tarballOf({'package.json': JSON.stringify(description), ...files})
    const path = `/tarballs/${name}-${version}.tgz`
    this.#tarballs.set(path, tarball)
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const dist = {tarball: new URL(path, this.url).href, integrity}
    this.#documents.set(`/${name}`, {name, 'dist-tags': {latest: version}, versions: {[version]: {...description, dist}}})
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    if (this.#server.listening) await once(this.#server, 'close')
  }
}

function tarballOf(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).flatMap(([name, text]) => {
    const content = Buffer.from(text)
    const header = Buffer.alloc(512)
    header.write(`package/${name}`, 0)
    header.write('0000644\0' + '0000000\0' + '0000000\0', 100)
    header.write(`${content.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`, 124)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]))
}
