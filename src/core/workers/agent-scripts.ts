import {KILL_TREE, OOM, PRELUDE} from './attempt-scripts.js'

// The agent: one process on a worker that is told over one channel to start attempts, and tells how they end.
// It is a program of Helix's own copy there, or perl, or else the worker's shell; all three speak the same way.
//
// Orders, one a line: `start STORE TASK ATTEMPT DEADLINE TIMEOUT GRACE FORM SIZE LINES STDIN` and the spec in SIZE bytes
// (LINES lines, where the spec is a shell script), or `ping`. DEADLINE is in the worker's own seconds since it booted: an
// attempt whose supervisor cannot begin before it is refused. A spec that is cut off does not start.
// Reports, each after the marker: `ready ROOT KIND UP` once; `pong UP`; `refused TASK ATTEMPT WHY`;
// `ended TASK ATTEMPT UP SIZE SIZE RESULT [TAIL TAIL]` with the sizes of both streams and, unless the shell reports, as
// many bytes of their tails behind the line.
// At the end of its input the agent takes no more; the attempts go on to their ends.

/** Counts the ways of speaking with an agent: a copy of Helix on a worker may be older, and then the worker's shell is asked. */
export const AGENT_PROTOCOL = 1

/** Which program the agent is; `best` lets the worker choose. */
export type AgentKind = 'best' | 'shell' | 'perl' | 'node'

const SUPERVISE = `
identify() {
  if [ -r /proc/self/stat ]; then read -r self _ < /proc/self/stat; else self=$(sh -c "echo \\$PPID"); fi
}
supervise() {
  trap : HUP INT TERM USR1
  identify
  start_of "$self"
  set -C; kept=1
  { { printf "1 %s %s %s\\n" "$self" "$start" "$boot" || kept=; } > owner; } 2>/dev/null || { printf "%s refused %s %s exists\\n" "$mark" "$task" "$attempt"; return; }
  set +C
  [ -n "$kept" ] || { rm -f owner; printf "%s refused %s %s folder\\n" "$mark" "$task" "$attempt"; return; }
  # Nobody waits longer for an owner that is there and tells nothing yet.
  uptime_seconds
  [ "$up" -lt "$deadline" ] || { echo fenced > owner; printf "%s refused %s %s late\\n" "$mark" "$task" "$attempt"; return; }
  oom_kills; before=$ooms
  timer=
  if [ "$timeout" -gt 0 ]; then
    ( exec 2>/dev/null; sleep "$timeout" & napping=$!; trap "kill $napping; exit" TERM; wait "$napping"; : > timeout; kill_tree "$task.$attempt" "$dir" "$grace" ) > /dev/null &
    timer=$!
  fi
  # A shell says on its own stderr, the notice, when a signal ended its command: exit 137 and KILL are told apart by it.
  # The spec redirects itself: dash would say it on the stderr of a command that it redirects. bash says it unless it is POSIX.
  [ -z "\${BASH_VERSION:-}" ] || set +o posix
  ( identify; echo "$self" > pid; set -f; . ./spec )
  code=$?
  [ -z "$timer" ] || [ -e timeout ] || kill "$timer" 2>/dev/null
  [ -z "$timer" ] || wait "$timer"
  oom_kills
  signalled=0; [ -s notice ] && signalled=1
  timed=0; [ -e timeout ] && timed=1
  line="1 $code $signalled $((ooms - before)) $timed"
  echo "$line" > result
  so=0; [ -s stdout ] && so=$(($(wc -c < stdout)))
  se=0; [ -s stderr ] && se=$(($(wc -c < stderr)))
  uptime_seconds
  # Shorter than PIPE_BUF, so that the lines of several supervisors do not run into each other.
  printf "%s ended %s %s %s %d %d %s\\n" "$mark" "$task" "$attempt" "$up" "$so" "$se" "$line"
}
`

const SHELL_AGENT = `
boot_of_machine
mask=$(umask)
umask 077
# Shells have what they start in the background ignore INT and QUIT, and cannot undo that themselves.
launch=$(command -v setsid 2>/dev/null)
if [ -n "$launch" ] && env --default-signal=INT,QUIT true >/dev/null 2>&1; then launch="$launch $(command -v env) --default-signal=INT,QUIT"
elif command -v perl >/dev/null 2>&1; then launch="$(command -v perl) -e \\$SIG{INT}=\\$SIG{QUIT}=q(DEFAULT);setpgrp(0,0);exec{\\$ARGV[0]}@ARGV;\\$e=\\$!;print(STDERR\\$e);exit(\\$e==2?127:126)"
fi
take_bytes() {
  # The head of busybox and BSD reads on beyond what it prints, and that would be the next order.
  [ -n "$beyond" ] || beyond=$(printf "abc\\n" | { head -c 1 > /dev/null; read -r rest; echo "$rest"; })
  if [ "$beyond" = bc ]; then head -c "$1" | { cat > "$2"; cat > /dev/null; }; return; fi
  # Of a pipe dd may get less than a block at a time, but never more than so many blocks.
  left=$1
  while [ "$left" -gt 0 ]; do
    block=4096; [ "$left" -ge "$block" ] || block=$left
    taken=$(dd bs="$block" count=$((left / block)) 2> /dev/null | tee -a "$2" 2> /dev/null | wc -c)
    [ "$taken" -gt 0 ] || return
    left=$((left - taken))
  done
}
read_spec() {
  # On a full disk too all of it is taken: what is left would be read as orders.
  if [ "$size" -gt 4096 ]; then take_bytes "$size" "$1"; [ $(($(wc -c < "$1"))) -eq "$size" ]; return; fi
  spec=; n=0
  # A shell reads bytes from a pipe one by one, and a short spec is still there sooner than head would be started.
  while [ "$n" -lt "$lines" ]; do
    IFS= read -r row || exit 0
    spec="$spec$row
"
    n=$((n + 1))
  done
  printf "%s" "$spec" > "$1"
}
uptime_seconds
printf "%s ready %s shell %s\\n" "$mark" "$root" "$up"
started=0
beyond=
while read -r verb store task attempt deadline timeout grace _ size lines stdin; do
  uptime_seconds
  if [ "$verb" = ping ]; then printf "%s pong %s\\n" "$mark" "$up"; continue; fi
  dir=$root/$store/$task/$attempt
  if mkdir -p "$dir/work" 2>/dev/null && cd "$dir"; then
    read_spec spec || { printf "%s refused %s %s folder\\n" "$mark" "$task" "$attempt"; continue; }
  else read_spec /dev/null; printf "%s refused %s %s folder\\n" "$mark" "$task" "$attempt"; continue
  fi
  uptime_seconds
  [ "$up" -lt "$deadline" ] || { printf "%s refused %s %s late\\n" "$mark" "$task" "$attempt"; continue; }
  supervise < /dev/null 2> notice &
  # Has the shell forget those that are done; it would search through all of them each time.
  started=$((started + 1)); [ $((started % 50)) -ne 0 ] || jobs > /dev/null
done
`

/** Becomes the agent, the best that there is. @KIND@ is an AgentKind. */
export const AGENT = `
mark=@MARK@
kind=@KIND@
${PRELUDE}
helix="\${XDG_DATA_HOME:-$HOME/.local/share}/helix"
if { [ "$kind" = best ] || [ "$kind" = node ]; } && read -r version 2>/dev/null < "$helix/current" && [ -x "$helix/versions/$version/agent" ]; then
  exec "$helix/versions/$version/agent" "$mark" "$root" @PROTOCOL@ 2>/dev/null
fi
if { [ "$kind" = best ] || [ "$kind" = perl ]; } && command -v perl >/dev/null 2>&1; then
  printf "%s send perl\\n" "$mark"
  read -r size
  exec perl -e "my \\$n = shift; my \\$p = q(); 1 while length \\$p < \\$n && sysread STDIN, \\$p, \\$n - length \\$p, length \\$p; eval \\$p; die \\$@ if \\$@" "$size" "$mark" "$root" 2>/dev/null
fi
exec 2>/dev/null
${KILL_TREE}${OOM}${SUPERVISE}${SHELL_AGENT}`.replace('@PROTOCOL@', String(AGENT_PROTOCOL))
