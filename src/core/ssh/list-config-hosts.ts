import {readSshConfigLines} from './ssh-config-lines.js'

/** A name that ssh_config gives to a host, and where. */
export interface ConfigHost {
  name: string
  file: string
  line: number
}

/**
 * Lists the names of the `Host` lines of ssh_config, also of included files, each where it first stands. Patterns and negations name
 * no host, and `Match` asks something of hosts that have their names elsewhere. Throws as `readSshConfigLines` does.
 */
export async function listConfigHosts(configFile = process.env.HELIX_SSH_CONFIG): Promise<ConfigHost[]> {
  const hosts = new Map<string, ConfigHost>()
  for (const {text, file, line} of await readSshConfigLines(configFile)) {
    const words = /^\s*Host(?:\s*=\s*|\s+)(.*)$/iu.exec(text)?.[1]?.match(/"[^"]*"|\S+/gu) ?? []
    const comment = words.findIndex((word) => word.startsWith('#'))
    for (const word of comment < 0 ? words : words.slice(0, comment)) {
      const name = word.replaceAll('"', '')
      if (name !== '' && !/[*?]|^!/u.test(name) && !hosts.has(name)) hosts.set(name, {name, file, line})
    }
  }
  return [...hosts.values()]
}
