// The worker's side of an attempt, in what every POSIX shell has. The scripts travel inside single quotes through
// a login shell that may be dash, bash, zsh or fish, so they contain neither single quotes nor doubled backslashes.
// What varies is read from standard input, where no process list shows it.
//
// The folder of an attempt:
//   spec      what is run: environment, folder, arguments
//   owner     `1 PID START BOOT` of the supervisor, or `fenced`; whoever creates it decides whether the attempt runs
//   pid       the command, which leads a process group of its own
//   stdout, stderr, notice (what a supervising shell says, such as "Killed")
//   timeout   there when the time limit was reached
//   result    `1 CODE SIGNALLED OOM TIMEOUT`, one line written at once when the command has ended; an empty one is none

/** Where attempts are kept, and how a process is told from a later one with the same number. */
export const PRELUDE = `
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
    read -r _ _ state _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ 2>/dev/null < "/proc/$1/stat"
    # Dead, and only not waited for yet.
    [ "$state" != Z ] || start=
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
export const KILL_TREE = `
pids_of() {
  if [ -d /proc/self ]; then
    grep -lsF "HELIX_ATTEMPT_ID=$1" /proc/[0-9]*/environ | cut -d/ -f3
  else
    ps -axwwE -o pid= -o command= 2>/dev/null | grep -F "HELIX_ATTEMPT_ID=$1" | grep -v grep | while read -r p _; do echo "$p"; done
  fi
}
signal_tree() {
  group=
  if [ -s "$2/pid" ] && [ ! -s "$2/result" ] && supervisor_alive "$2"; then
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

/** Counts the processes that the kernel killed for memory in the control group. */
export const OOM = `
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

/** Copies a file that grows, until FILE.eof says that it is whole or the command that reads it is gone. */
export const FEED = `
feed() {
  at=0
  while :; do
    if [ -s pid ]; then read -r reader < pid; kill -0 "$reader" 2>/dev/null || return; fi
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
  if [ -s "$dir/result" ]; then state=ended
  elif [ ! -e "$dir/owner" ]; then state=absent
  elif [ ! -s "$dir/owner" ]; then state=starting
  else
    read -r first _ _ sboot < "$dir/owner"
    if [ "$first" = fenced ]; then state=fenced
    elif [ "$sboot" != "$boot" ]; then state=rebooted
    elif supervisor_alive "$dir"; then state=running
    elif [ -s "$dir/result" ]; then state=ended
    else state=killed
    fi
  fi
  printf "%s %s %s %s\\n" "$mark" "$task" "$attempt" "$state"
done
`

/**
 * Reports attempts that have ended. Input: lines `STORE TASK ATTEMPT`. Output for each, every line after the marker:
 * `result TASK ATTEMPT SIZE SIZE RESULT` with the sizes of both streams, the last 64 KiB of stdout, `middle`, those of
 * stderr, `end`. The marker tells our bytes from what a noisy profile printed before.
 */
export const COLLECT = `
mark=@MARK@
${PRELUDE}
while read -r store task attempt; do
  cd "$root/$store/$task/$attempt" && [ -s result ] || continue
  so=0; se=0
  [ -s stdout ] && so=$(($(wc -c < stdout)))
  [ -s stderr ] && se=$(($(wc -c < stderr)))
  read -r line < result
  printf "%s result %s %s %d %d %s\\n" "$mark" "$task" "$attempt" "$so" "$se" "$line"
  [ "$so" -eq 0 ] || tail -c 65536 stdout
  printf "%s middle\\n" "$mark"
  [ "$se" -eq 0 ] || tail -c 65536 stderr
  printf "%s end\\n" "$mark"
done
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
