// What a worker is asked about itself: one script for dash, busybox, bash, zsh and macOS. As the scripts of attempts it
// travels inside single quotes through any login shell, so it contains neither single quotes nor doubled backslashes.
// It prints what programs and files say, line by line; reading that is easier elsewhere.

// Programs can hang: `docker version` with its daemon, `df` with a file server. All carry the mark in their environment,
// so that the guard finds them and whatever they started, without a terminal's job control and without `timeout`, which
// macOS lacks. Whatever happens, the script is over 15 s after it was guarded.
const GUARD = `
reader=
end_hung() {
  unset HELIX_PROBE
  if [ -d /proc/self ]; then found=$(grep -lsF "HELIX_PROBE=$mark" /proc/[0-9]*/environ | cut -d/ -f3)
  else found=$(ps -axwwE -o pid= -o command= | grep -F "HELIX_PROBE=$mark" | grep -v grep | while read -r p _; do echo "$p"; done)
  fi
  [ -z "$found" ] || kill -KILL $found
}
guard() {
  (
    trap "kill \\$nap; exit" TERM
    for pause in 6 6 3; do
      sleep "$pause" & nap=$!
      wait "$nap"
      end_hung
    done
    kill -KILL "$$" $reader
  ) > /dev/null &
  guard=$!
}
`

const LOAD = `
count_cpus() { cpus=$(nproc || getconf _NPROCESSORS_ONLN || sysctl -n hw.ncpu); }
cpu_times() { read -r _ "$1" < /proc/stat; }
memory() {
  while read -r key value _; do
    case $key in MemTotal:|MemAvailable:|MemFree:|Buffers:|Cached:) say mem "$key" "$value";; esac
  done < /proc/meminfo
  for file in memory.max memory.current cpu.max; do
    [ -r "/sys/fs/cgroup/$file" ] && read -r value < "/sys/fs/cgroup/$file" && say cgroup "$file" "$value"
  done
  [ -r /sys/fs/cgroup/memory.max ] && while read -r key value; do
    [ "$key" = inactive_file ] && say cgroup "$key" "$value"
  done < /sys/fs/cgroup/memory.stat
}
gpus() {
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,memory.total,utilization.gpu --format=csv,noheader,nounits | while IFS= read -r line; do say nvidia "$line"; done
  fi
  smi=rocm-smi
  command -v rocm-smi > /dev/null || smi=/opt/rocm/bin/rocm-smi
  command -v "$smi" > /dev/null && say rocm "$("$smi" --showproductname --showmeminfo vram --showuse --json | tr -d "\\r\\n")"
}
figures() {
  if cpu_times now; then
    say cpu "$since"
    say cpu "$now"
    memory
  else
    say loadavg "$(sysctl -n vm.loadavg)"
    say memsize "$(sysctl -n hw.memsize || sysctl -n hw.physmem)"
    vm_stat | while read -r line; do say vm "$line"; done
    ioreg -r -d 1 -w 0 -c IOAccelerator | grep -o "Device Utilization %\\"=[0-9]*" | while read -r line; do say accelerator "$line"; done
  fi
  say cpus "$cpus"
}
space() {
  dir=$root
  while [ ! -d "$dir" ]; do dir=\${dir%/*}; dir=\${dir:-/}; done
  said=$(df -Pk "$dir")
  say disk "\${said##*"$newline"}"
}
`

const FACTS = `
libc() {
  case $(getconf GNU_LIBC_VERSION) in glibc*) say libc glibc; return;; esac
  case $(ldd --version 2>&1) in
    *musl*) say libc musl; return;;
    *GLIBC*|*"GNU libc"*) say libc glibc; return;;
  esac
  for file in /lib/ld-musl-*; do [ -e "$file" ] && say libc musl; done
}
tool() {
  name=$1
  shift
  command -v "$1" > /dev/null || return
  # Without its developer tools, macOS answers to these names with a dialog.
  [ -z "$stubs" ] || case $(command -v "$1") in /usr/bin/*) return;; esac
  ( said=$("$@" 2>&1) && say tool "$name" "\${said%%"$newline"*}" ) &
  asked="$asked $!"
}
facts() {
  system=$(uname -s)
  say system "$system" "$(uname -m)" "$(getconf LONG_BIT)"
  stubs=
  if [ "$system" = Linux ]; then libc; fi
  if [ "$system" = Darwin ]; then
    xcode-select -p > /dev/null || stubs=yes
    system_profiler SPDisplaysDataType | grep -E "Chipset Model|Metal" | while read -r line; do say display "$line"; done
  fi
  asked=
  for name in git podman node python3 python rustc cargo gcc clang make cmake ruby php deno bun uv; do tool "$name" "$name" --version; done
  tool go go version
  tool java java -version
  tool ffmpeg ffmpeg -version
  tool perl perl -e "printf q(%vd), \\$^V"
  tool docker docker --version
  tool docker-daemon docker version --format "{{.Server.Version}}"
  # Without a name it would wait for the guard.
  [ -z "$asked" ] || wait $asked
}
`

const SERVERS = `
fetch() {
  if command -v curl > /dev/null; then curl -q -sf --noproxy "*" --connect-timeout 1 -m 3 "$1"
  elif command -v wget > /dev/null; then
    # BusyBox tries once and knows no option for it.
    case $(wget --help 2>&1) in *BusyBox*) ;; *) set -- -t 1 "$1";; esac
    http_proxy= wget -q -T 3 -O - "$@"
  fi
}
look_at() {
  body=$(fetch "$2$3" | head -c 1048576 | tr -d "\\r\\n")
  [ -z "$body" ] || say "$1" "$2" "$body"
}
servers() {
  ollama=\${OLLAMA_HOST:-127.0.0.1}
  ollama=\${ollama#http://}
  ollama=\${ollama%/}
  case $ollama in 0.0.0.0*) ollama=127.0.0.1\${ollama#0.0.0.0};; esac
  case $ollama in *:*) ;; *) ollama=$ollama:11434;; esac
  case $ollama in https://*) ;; *) ollama=http://$ollama;; esac
  look_at ollama "$ollama" /api/tags
  for port in @PORTS@; do
    look_at models "http://127.0.0.1:$port" /v1/models
    case $body in ""|*llamacpp*|*vllm*) ;; *) look_at props "http://127.0.0.1:$port" /props;; esac
  done
}
`

const REPORT = `
report() {
  say root "$root"
  guard
  # In one piece: each line that comes by itself is a packet to be deciphered.
  printf "%s\\n" "$(figures)"
  gpus
  space
  "$@"
  say end
  kill "$guard"
}
`

const START = `
mark=@MARK@
root="\${HELIX_ATTEMPTS_ROOT:-\${XDG_STATE_HOME:-$HOME/.local/state}/helix}"
unset HELIX_ATTEMPTS_ROOT
HELIX_PROBE=$mark LC_ALL=C
export HELIX_PROBE LC_ALL
exec < /dev/null 2> /dev/null
newline=$(printf "\\nx"); newline=\${newline%x}
say() { printf "%s %s\\n" "$mark" "$*"; }
`

/**
 * Tells how busy a machine is and, given the ports of 127.0.0.1 on which to look for servers of models, what it is and has.
 * Output, each line after the mark: a word for its kind and what was read; `end` at last.
 */
export function probeScript(ports?: readonly number[]): string {
  return `${START}${GUARD}${LOAD}${REPORT}${ports ? factsScript(ports) : ''}
count_cpus
cpu_times since && { sleep 0.2 || sleep 1; }
report ${ports ? 'everything' : ':'}
`
}

/** How a worker reports by itself how busy it is, and now and then all that it has. */
export interface ReportPlan {
  /** How often it shows between two reports that the connection lives, the second of them included. */
  beats: number
  beatSeconds: number
  /** Reports of the load alone before the first one of everything, and between two of those. */
  loadsFirst: number
  loadsBetween: number
  /** On which to look for servers of models. */
  ports: readonly number[]
}

/** Says again and again what `probeScript` says without ports, and now and then what it says with them. It ends with its input, or with a program that hangs and cannot be killed. */
export function reportsScript({beats, beatSeconds, loadsFirst, loadsBetween, ports}: ReportPlan): string {
  return `exec 3<&0
${START}${GUARD}${LOAD}${REPORT}${factsScript(ports)}
( read -r _ <&3; kill "$$" ) > /dev/null &
reader=$!
loads=${loadsFirst}
count_cpus
while :; do
  beats=${beats}
  now=$(date +%s)
  pause=$((${beatSeconds} - now % ${beatSeconds}))
  while cpu_times since; sleep "$pause" > /dev/null; [ $((beats -= 1)) -gt 0 ]; do echo; pause=${beatSeconds}; done
  if [ $((loads -= 1)) -ge 0 ]; then all=:
  else
    all=everything loads=${loadsBetween}
    count_cpus
    # Slow programs may take longer than a connection is silent.
    echo
  fi
  printf "%s\\n" "$(report $all)"
done
`
}

function factsScript(ports: readonly number[]): string {
  return `${FACTS}${SERVERS.replace('@PORTS@', ports.join(' '))}everything() { facts; servers; }
`
}
