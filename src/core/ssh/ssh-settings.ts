/** How a worker is reached, as its row and the config keep it. */
export interface SshSettings {
  /** Host name, address, or a `Host` alias of ssh_config. */
  host: string
  /** Who speaks SSH: the package ssh2 (default), or the system's ssh. */
  transport?: 'ssh2' | 'openssh'
  port?: number
  username?: string
  /** Private key file; `~` is the home folder. */
  keyPath?: string
  /** Where the password is: `env:NAME` or `keyring:NAME`, never the password itself. */
  password?: string
  /** Where the key's passphrase is, in the same form. */
  passphrase?: string
  /** A known_hosts file read beside the user's own. */
  knownHosts?: string
  /** The host key that the user accepted for this worker, as `SHA256:…`; no other is taken. */
  hostKey?: string
}
