// The worker's side of an attempt, in what every POSIX shell has. The scripts travel inside single quotes through
// a login shell that may be dash, bash, zsh or fish, so they contain neither single quotes nor doubled backslashes.
// What varies is read from standard input, where no process list shows it.
//
// The folder of an attempt:
//   spec      the command as a shell script: environment, folder, arguments
//   owner     `1 PID START BOOT` of the supervisor, or `fenced`; whoever creates it decides whether the attempt runs
//   pid       the command, which leads a process group of its own
//   stdout, stderr, notice (what the supervisor's shell says, such as "Killed")
//   timeout   there when the time limit was reached
//   result    `1 CODE SIGNALLED OOM TIMEOUT`, renamed into place when the command has ended

const PRELUDE = `
root="\${HELIX_ATTEMPTS_ROOT:-\${XDG_STATE_HOME:-$HOME/.local/state}/helix}"
unset HELIX_ATTEMPTS_ROOT
uptime_seconds() {
  if read -r up _ 2>/dev/null < /proc/uptime; then up=\${up%%.*}; else up=$(date +%s); fi
}
boot_of_machine() {
  read -r boot 2>/dev/null < /proc/sys/kernel/random/boot_id || boot=$(sysctl -n kern.boottime 2>/dev/null | tr -dc 0-9)
  boot=\${boot:-unknown}
}
start_of() {
  start=
  if [ -r "/proc/$1/stat" ]; then
    read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ 2>/dev/null < "/proc/$1/stat"
  else
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -dc 0-9A-Za-z)
  fi
}
supervisor_alive() {
  read -r _ spid sstart sboot 2>/dev/null < "$1/owner" || return 1
  [ "$sboot" = "$boot" ] || return 1
  start_of "$spid"
  [ -n "$start" ] && [ "$start" = "$sstart" ]
}
`

// Once TERM has reached something it is not repeated: many programs take a second one for impatience.
// Every process of the attempt: the command's group while the supervisor vouches for its number, and whatever still
// carries the attempt's id in its environment. A number from before a reboot is never signalled.
const KILL_TREE = `
pids_of() {
  if [ -d /proc/self ]; then
    grep -lsF "HELIX_ATTEMPT_ID=$1" /proc/[0-9]*/environ | cut -d/ -f3
  else
    ps -axwwE -o pid= -o command= 2>/dev/null | grep -F "HELIX_ATTEMPT_ID=$1" | grep -v grep | while read -r p _; do echo "$p"; done
  fi
}
signal_tree() {
  group=
  if [ -s "$2/pid" ] && supervisor_alive "$2"; then
    read -r group < "$2/pid"
    kill -"$3" -- "-$group" 2>/dev/null
  fi
  found=$(pids_of "$1")
  [ -z "$found" ] || kill -"$3" $found 2>/dev/null
  told=$group$found
}
tree_alive() {
  if [ -n "$group" ] && kill -0 -- "-$group" 2>/dev/null; then return 0; fi
  found=$(pids_of "$1")
  [ -n "$found" ]
}
kill_tree() {
  boot_of_machine
  signal_tree "$1" "$2" TERM
  uptime_seconds; until=$((up + $3))
  while tree_alive "$1"; do
    [ -n "$told" ] || signal_tree "$1" "$2" TERM
    uptime_seconds
    [ "$up" -lt "$until" ] || break
    sleep 0.1 2>/dev/null || sleep 1
  done
  tries=0
  while tree_alive "$1" && [ "$tries" -lt 50 ]; do
    signal_tree "$1" "$2" KILL
    tries=$((tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  ! tree_alive "$1"
}
`

const OOM = `
oom_kills() {
  ooms=0; v1=; v2=
  while IFS=: read -r _ c p; do
    case $c in memory) v1=$p;; "") v2=$p;; esac
  done 2>/dev/null < /proc/self/cgroup
  for f in "/sys/fs/cgroup$v2/memory.events" "/sys/fs/cgroup/memory$v1/memory.oom_control"; do
    [ -r "$f" ] || continue
    while read -r k v; do [ "$k" = oom_kill ] && ooms=$v; done < "$f"
    return
  done
}
`

// Sizes and the last 64 KiB of both streams; the marker tells our bytes from what a noisy profile printed before.
const REPORT = `
report() {
  so=0; se=0
  [ -s stdout ] && so=$(wc -c < stdout)
  [ -s stderr ] && se=$(wc -c < stderr)
  read -r line < result
  printf "%s result %d %d %s\\n" "$mark" "$so" "$se" "$line"
  [ "$so" -eq 0 ] || tail -c 65536 stdout
  printf "%s\\n" "$mark" >&2
  [ "$se" -eq 0 ] || tail -c 65536 stderr >&2
}
`

// Copies a file that grows, until FILE.eof says that it is whole.
const FEED = `
feed() {
  at=0
  while :; do
    whole=; [ -e "$1.eof" ] && whole=1
    size=0; [ -e "$1" ] && size=$(($(wc -c < "$1")))
    if [ "$size" -gt "$at" ]; then
      tail -c "+$((at + 1))" "$1" | head -c "$((size - at))" || return
      at=$size
    elif [ -n "$whole" ]; then return
    else sleep 0.1 2>/dev/null || sleep 1
    fi
  done
}
`

/**
 * Starts an attempt and stays until it ends.
 * Input: `STORE TASK ATTEMPT VALID TIMEOUT GRACE SIZE STDIN`, then the spec in SIZE bytes; one that is cut off does not
 * start. The end of input makes it leave while the attempt goes on. STDIN is `-` for none, `=FILE`, or `+FILE` for one that grows until FILE.eof is there. The line is sent after
 * `ready` has been read: VALID counts the seconds of lease left at that moment, and the worker, which took its own time
 * before saying so, refuses to start once they are over, however long the coordinator slept in between.
 * Output, each line after the marker: `ready ROOT`, then `refused WHY` or `result SIZE SIZE RESULT` and the tails.
 */
export const START = `
mark=@MARK@
${PRELUDE}${KILL_TREE}${OOM}${FEED}${REPORT}
trap "exit 0" USR1
uptime_seconds; ready=$up
printf "%s ready %s\\n" "$mark" "$root"
read -r store task attempt valid timeout grace size stdin || exit 0
dir=$root/$store/$task/$attempt
mask=$(umask)
umask 077
mkdir -p "$dir/work" && cd "$dir" && head -c "$size" > spec || { printf "%s refused folder\\n" "$mark"; exit 0; }
[ $(($(wc -c < spec))) -eq "$size" ] || exit 0
uptime_seconds
[ $((up - ready)) -lt "$valid" ] || { printf "%s refused late\\n" "$mark"; exit 0; }
exec 3<&0
growing=
case $stdin in
  -) stdin=/dev/null;;
  +*) growing=\${stdin#+}; stdin=stdin.pipe;;
  =*) stdin=\${stdin#=};;
esac
(
  trap : HUP INT TERM USR1
  boot_of_machine
  if [ -r /proc/self/stat ]; then read -r self _ < /proc/self/stat; else self=$(sh -c "echo \\$PPID"); fi
  start_of "$self"
  set -C
  { printf "1 %s %s %s\\n" "$self" "$start" "$boot" > owner; } 2>/dev/null || exit 75
  set +C
  oom_kills; before=$ooms
  timer=
  if [ "$timeout" -gt 0 ]; then
    ( exec 2>/dev/null; sleep "$timeout" & napping=$!; trap "kill $napping; exit" TERM; wait "$napping"; : > timeout; kill_tree "$task.$attempt" "$dir" "$grace" ) &
    timer=$!
  fi
  feeder=
  if [ -n "$growing" ]; then mkfifo "$stdin"; feed "$growing" > "$stdin" 2>/dev/null & feeder=$!; fi
  # A shell says on its own stderr, the notice, when a signal ended its command: exit 137 and KILL are told apart by it.
  # The spec redirects itself: dash would say it on the stderr of a command that it redirects. bash says it unless it is POSIX.
  [ -z "\${BASH_VERSION:-}" ] || set +o posix
  # Shells have what they start in the background ignore INT and QUIT, and cannot undo that themselves.
  setsid=; command -v setsid >/dev/null 2>&1 && setsid=setsid
  if [ -n "$setsid" ] && env --default-signal=INT,QUIT >/dev/null 2>&1; then setsid env --default-signal=INT,QUIT sh ./spec "$stdin" "$mask"
  elif command -v perl >/dev/null 2>&1; then perl -e "use POSIX; \\$SIG{INT} = \\$SIG{QUIT} = q(DEFAULT); setsid(); exec @ARGV" sh ./spec "$stdin" "$mask"
  else $setsid sh ./spec "$stdin" "$mask"
  fi
  code=$?
  [ -z "$feeder" ] || kill "$feeder" 2>/dev/null
  [ -z "$timer" ] || [ -e timeout ] || kill "$timer" 2>/dev/null
  [ -z "$timer" ] || wait "$timer"
  oom_kills
  signalled=0; [ -s notice ] && signalled=1
  timed=0; [ -e timeout ] && timed=1
  printf "1 %d %d %d %d\\n" "$code" "$signalled" "$((ooms - before))" "$timed" > result.new && mv result.new result
) < /dev/null > /dev/null 2> notice 3<&- &
supervisor=$!
( while read -r _; do :; done; kill -USR1 "$$" ) <&3 > /dev/null 2>&1 &
leaver=$!
wait "$supervisor"
ended=$?
kill "$leaver" 2>/dev/null
if [ "$ended" = 75 ]; then printf "%s refused exists\\n" "$mark"; exit 0; fi
if [ -e result ]; then report; else printf "%s refused lost\\n" "$mark"; fi
`

/**
 * Tells the state of attempts. Input: lines `STORE TASK ATTEMPT FENCE`; with FENCE 1 an attempt that has not started is
 * kept from ever starting. Output: `TASK ATTEMPT STATE`, the state being `running`, `ended`, `starting`, `absent`,
 * `fenced`, `rebooted` or `killed` (its supervisor is gone).
 */
export const OBSERVE = `
mark=@MARK@
${PRELUDE}
boot_of_machine
while read -r store task attempt fence; do
  dir=$root/$store/$task/$attempt
  if [ ! -e "$dir/owner" ] && [ "$fence" = 1 ]; then
    mkdir -p "$dir" && ( umask 077; set -C; echo fenced > "$dir/owner" ) 2>/dev/null
  fi
  if [ -e "$dir/result" ]; then state=ended
  elif [ ! -e "$dir/owner" ]; then state=absent
  elif [ ! -s "$dir/owner" ]; then state=starting
  else
    read -r first _ _ sboot < "$dir/owner"
    if [ "$first" = fenced ]; then state=fenced
    elif [ "$sboot" != "$boot" ]; then state=rebooted
    elif supervisor_alive "$dir"; then state=running
    elif [ -e "$dir/result" ]; then state=ended
    else state=killed
    fi
  fi
  printf "%s %s %s %s\\n" "$mark" "$task" "$attempt" "$state"
done
`

/** Reports an attempt that has ended. Input: `STORE TASK ATTEMPT`. Output as of START's last part. */
export const COLLECT = `
mark=@MARK@
${PRELUDE}${REPORT}
read -r store task attempt
cd "$root/$store/$task/$attempt" && [ -e result ] && report
`

/**
 * Ends an attempt's whole process tree: TERM, then KILL after GRACE seconds. Input: `STORE TASK ATTEMPT GRACE`.
 * Output: `dead` once nothing of it is alive, or `alive`.
 */
export const KILL = `
mark=@MARK@
${PRELUDE}${KILL_TREE}
read -r store task attempt grace
dir=$root/$store/$task/$attempt
if kill_tree "$task.$attempt" "$dir" "$grace"; then printf "%s dead\\n" "$mark"; else printf "%s alive\\n" "$mark"; fi
`

/**
 * Keeps a standard input for the attempts of a task, as `stdin` in its folder. Input: `STORE TASK`; then, after
 * `have SIZE PATH` has been read, the bytes from SIZE on.
 */
export const KEEP_STDIN = `
mark=@MARK@
${PRELUDE}
read -r store task
umask 077
dir=$root/$store/$task
mkdir -p "$dir" || exit 1
have=0; [ -e "$dir/stdin" ] && have=$(($(wc -c < "$dir/stdin")))
printf "%s have %d %s\\n" "$mark" "$have" "$dir/stdin"
cat >> "$dir/stdin"
`

/**
 * Says that a standard input is whole, once as many bytes of it have arrived as were sent: a lost connection looks like its
 * end to KEEP_STDIN. Input: `STORE TASK SIZE`. Output: `sealed`.
 */
export const SEAL_STDIN = `
mark=@MARK@
${PRELUDE}
read -r store task size
umask 077
file=$root/$store/$task/stdin
[ $(($(wc -c < "$file"))) -eq "$size" ] && : > "$file.eof" && printf "%s sealed\\n" "$mark"
`

/** Removes attempt folders. Input: lines `STORE TASK`. */
export const REMOVE = `
${PRELUDE}
while read -r store task; do [ -n "$task" ] && rm -rf -- "$root/$store/$task"; done
`
