import {spawn} from 'node:child_process'

/** Runs a program to its end and gives its exit code; a signal that ends us ends it first. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {stdio: 'inherit', ...options})
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    // The terminal sends INT to the whole group; whoever kills only us means the child too.
    const forward = (signal) => child.kill(signal)
    for (const signal of signals) process.on(signal, forward)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      resolve(signal ? 128 : (code ?? 1))
    })
  })
}
