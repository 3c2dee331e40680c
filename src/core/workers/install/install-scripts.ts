// The worker's side of an installation, in what every POSIX shell has; written as the scripts of an attempt are: no single quotes,
// no doubled backslashes, and what varies comes by standard input.
//
// The folder of Helix on a worker, ${XDG_DATA_HOME:-~/.local/share}/helix:
//   current            the name of the version in use; a file that is renamed into place, which is the one atomic step
//   versions/NAME/     a whole Helix: bin, dist, …; `helix` and `agent` start it on the Node whose path stands in `node`
//   node/NAME/bin/node a Node runtime
// A folder below versions and node holds `installing` (`PID START` of the connection that fills it) until it is whole, and then
// `installed`. Its name ends in a random word, so that nobody ever writes into what somebody else has made.

const PRELUDE = `
umask 077
mark=@MARK@
root="\${XDG_DATA_HOME:-$HOME/.local/share}/helix"
say() { printf "%s %s\\n" "$mark" "$*"; }
start_of() {
  start=; state=
  if [ -r "/proc/$1/stat" ]; then
    read -r _ _ state _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ 2>/dev/null < "/proc/$1/stat"
  else
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -dc 0-9A-Za-z)
  fi
}
being_filled() {
  read -r fpid fstart 2>/dev/null < "$1/installing" || return 1
  kill -0 "$fpid" 2>/dev/null || return 1
  start_of "$fpid"
  [ "$state" != Z ] && [ "$start" = "$fstart" ]
}
say_space() {
  df -Pk "$root" 2>/dev/null | { read -r _; read -r _ _ _ free _ && say free "$free"; }
}
`

/** Says what the machine is, what is installed and whether it runs, and what an installation could use. Changes nothing. */
export const CHECK = `${PRELUDE}
say root "$root"
say system "$(uname -s)"
say machine "$(uname -m)"
if getconf GNU_LIBC_VERSION >/dev/null 2>&1; then
  say libc glibc
else
  for f in /lib/ld-musl-*; do [ ! -e "$f" ] || say libc musl; done
fi
if n=$(command -v node 2>/dev/null); then
  v=$("$n" --version 2>/dev/null) && say node "$v" "$n"
fi
if read -r c 2>/dev/null < "$root/current"; then
  said=$("$root/versions/$c/helix" --version 2>/dev/null)
  say current "$c" "$said"
  read -r n 2>/dev/null < "$root/versions/$c/node" && say on "$n"
fi
for d in "$root"/node/*; do
  [ ! -f "$d/installed" ] || say runtime "\${d##*/}"
done
if command -v gzip >/dev/null 2>&1; then say gzip; fi
for s in sha256sum shasum openssl cksum; do
  if command -v "$s" >/dev/null 2>&1; then say sums "$s"; break; fi
done
say checked
`

/**
 * Takes `NAME [NODE]` of each folder to fill, with the Node that a version is to run on; clears away what installations have left
 * that were cut off. The parent of the shell is the process that serves the connection: it lives as long as whoever installs can go on.
 */
export const BEGIN = `${PRELUDE}
mkdir -p "$root/versions" "$root/node" || exit 1
for d in "$root"/versions/* "$root"/node/*; do
  [ -f "$d/installing" ] && [ ! -f "$d/installed" ] || continue
  being_filled "$d" || rm -rf "$d"
done
start_of "$PPID"
while read -r name node; do
  mkdir "$root/$name" && printf "%s %s\\n" "$PPID" "$start" > "$root/$name/installing" || exit 1
  [ -z "$node" ] || printf "%s\\n" "$node" > "$root/$name/node" || exit 1
done
say_space
say begun
`

/**
 * Takes `NAME gzip|plain SUMS`, then `SIZE MODE SUM PATH` for each file of the parcel that was uploaded to the folder; takes it
 * apart and compares every file that it wrote.
 */
export const UNPACK = `${PRELUDE}
read -r name packing sums || exit 1
cd "$root/$name" || exit 1
if [ "$packing" = gzip ]; then
  gzip -dc < parcel > content || exit 1
  rm -f parcel
else
  mv parcel content || exit 1
fi
sum_of() {
  case $sums in
    sha256sum) sum=$(sha256sum < "$1"); sum=\${sum%% *} ;;
    shasum) sum=$(shasum -a 256 < "$1"); sum=\${sum%% *} ;;
    openssl) sum=$(openssl dgst -sha256 < "$1"); sum=\${sum##* } ;;
    cksum) sum=$(cksum < "$1"); sum=\${sum%% *} ;;
    *) sum=- ;;
  esac
}
from=1
total=$(wc -c < content)
while read -r size mode want path; do
  folder=\${path%/*}
  [ "$folder" = "$path" ] || [ -d "$folder" ] || mkdir -p "$folder" || exit 1
  if [ "$size" -eq "$total" ]; then
    mv content "$path" || exit 1
  elif [ "$size" -eq 0 ]; then
    : > "$path"
  else
    tail -c "+$from" content | head -c "$size" > "$path" || exit 1
  fi
  from=$((from + size))
  sum_of "$path"
  if [ "$(wc -c < "$path")" -ne "$size" ] || [ "$sum" != "$want" ]; then
    say damaged "$path"
    exit 1
  fi
  chmod "$mode" "$path" || exit 1
done
rm -f content
say unpacked
`

/**
 * Takes the name of a runtime's folder and its version; makes it one that can be used if it runs here. It stays ours until the
 * connection ends, so that nobody removes it before a version names it.
 */
export const FINISH_RUNTIME = `${PRELUDE}
read -r name want || exit 1
cd "$root/$name" || exit 1
said=$(./bin/node --version 2>&1) && [ "$said" = "$want" ] || { say broken "$said" | head -n 1; exit 1; }
: > installed && say finished
`

/**
 * Takes the name of a version's folder and the start of what it must say of itself; tries it and makes it the current one. Then
 * removes all but the last two versions and their runtimes, unless a process still runs from them.
 */
export const FINISH_VERSION = `${PRELUDE}
read -r name want || exit 1
cd "$root/$name" || exit 1
said=$(./helix --version 2>&1)
case $said in
  "$want "*) ;;
  *) say broken "$said" | head -n 2; exit 1 ;;
esac
: > installed || exit 1
cd "$root" || exit 1
new="current.\${name##*.}"
printf "%s\\n" "\${name##*/}" > "$new" && mv -f "$new" current || { rm -f "$new" "$name/installed"; exit 1; }
rm -f "$name/installing"
say finished
if [ -r /proc/self/cmdline ]; then
  running=$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\000" "\\n")
else
  running=$(ps -A -ww -o args= 2>/dev/null) || exit 0
fi
read -r current < current
others=0
for v in $(ls -t versions); do
  [ -f "versions/$v/installed" ] && [ "$v" != "$current" ] || continue
  being_filled "versions/$v" && continue
  others=$((others + 1))
  [ "$others" -gt 1 ] || continue
  case $running in *"/versions/$v/"*) ;; *) rm -rf "versions/$v" ;; esac
done
used=$(cat versions/*/node 2>/dev/null)
for d in node/*; do
  [ -f "$d/installed" ] || continue
  being_filled "$d" && continue
  case $used$running in *"/$d/"*) ;; *) rm -rf "$d" ;; esac
done
`

/** Takes names of folders; says how much space is left and removes those that are not whole. */
export const ABANDON = `${PRELUDE}
say_space
while read -r name; do
  [ -f "$root/$name/installed" ] || rm -rf "\${root:?}/$name"
done
say abandoned
`
