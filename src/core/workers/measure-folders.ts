import {linesAfter, newMark, runScript, scriptCommand} from './run-script.js'
import type {Transport} from './transport.js'

// Input: `STORE`. Output: `SIZE ./TASK` for each task folder, in KiB. It contains no single quotes, as all scripts for workers.
const SIZES = `
mark=@MARK@
root="\${HELIX_ATTEMPTS_ROOT:-\${XDG_STATE_HOME:-$HOME/.local/state}/helix}"
read -r store
cd "$root/$store" 2>/dev/null || exit 0
du -k -d 1 . 2>/dev/null | while read -r size task; do printf "%s %s %s\\n" "$mark" "$size" "$task"; done
`

/** How many bytes of a worker's disk each task's folder takes, by task id. */
export async function measureTaskFolders(transport: Transport, storeId: string, env?: NodeJS.ProcessEnv): Promise<Map<string, number>> {
  const mark = newMark()
  const {stdout} = await runScript(transport, scriptCommand(SIZES, mark), `${storeId}\n`, env)
  const sizes = new Map<string, number>()
  for (const line of linesAfter(stdout, mark)) {
    const [, size, id] = /^(\d+) \.\/(.+)$/.exec(line) ?? []
    if (id !== undefined) sizes.set(id, Number(size) * 1024)
  }
  return sizes
}
