# What Fireclay asks a machine before it takes back what nobody asked for. POSIX shell, coreutils, awk; the library of
# packages and look.sh stand before this. Changes nothing but its own directory, into which it puts what files had in
# them. Prints a line for each answer, by tabs.

packages_wait_seconds=10
M=$FC/mend

begin() {
  find "$M" -mindepth 1 -maxdepth 1 -type f ! -name ask.sh -delete
  mkdir -p "$M/debs" && find "$M/debs" -mindepth 1 -maxdepth 1 -type d -empty -delete
  packaged >"$M/packaged"
  printf 'machine\t%s\t%s\n' "$(is_container && echo shared || echo own)" "$(dpkg --print-architecture 2>/dev/null)"
}
is_container() { [ -e /run/systemd/container ] || grep -qz '^container=' /proc/1/environ 2>/dev/null || systemd-detect-virt -cq 2>/dev/null; }

# Who fetches what takes a change back is not to be led by the change. Here, and for nobody else, a file is what it was.
as_before() { if [ -n "$apart" ] && [ -f "$B/kept$1" ]; then mount --bind "$B/kept$1" "$1"; fi; }
sources_as_before() {
  printf 'Dir::Etc::%s "%s";\n' sourcelist "$B/kept/etc/apt/sources.list" sourceparts "$B/kept/etc/apt/sources.list.d" >"$M/apt.conf"
  export APT_CONFIG="$M/apt.conf"
}

# content PATH PACKAGE: what it had in it when the baseline was taken, by whoever can still give it.
content() {
  path=$1 package=$2
  of_copy && { found "$path" "$M/new"; return; }
  of_package && { found "$path" "$M/new"; return; }
  printf 'content\t%s\t-\t%s\n' "$path" "$why"
}
found() {
  sum=$(sha256sum <"$2" | cut -c 1-64) size=$(stat -c %s -- "$2")
  mv -f -- "$2" "$M/$sum"
  printf 'content\t%s\t%s\t%s\t%s\n' "$1" "$sum" "$size" "$(AT=$1 awk -F '\t' -v OFS='\t' '$1 == ENVIRON["AT"] { print $3, $4, $5 }' "$B/files")"
}
of_copy() { known=$(known_sum "$path") && [ -f "$B/kept$path" ] && cp -- "$B/kept$path" "$M/new" && [ "$(b2sum <"$M/new" | cut -c 1-128)" = "$known" ]; }
known_sum() { AT=$1 awk 'substr($0, 131) == ENVIRON["AT"] { print substr($0, 1, 128); found = 1 } END { exit !found }' "$B/sums"; }
# A conffile has no sum in its package: the baseline knows it.
of_package() {
  md5=$(AT=$path awk 'substr($0, 35) == ENVIRON["AT"] { print substr($0, 1, 32); exit }' "$M/packaged")
  if [ -z "$package" ]; then why='no package has it, and no copy of it was kept'; return 1; fi
  if [ -z "$known$md5" ]; then why='what was in it is not known'; return 1; fi
  deb=$(deb_of "$package") || { why="the file of its package, $package, cannot be had any more"; return 1; }
  { dpkg-deb --fsys-tarfile "$deb" | tar -xOf - ".$path" || dpkg-deb --fsys-tarfile "$deb" | tar -xOf - ".${path#/usr}"; } >"$M/new" 2>/dev/null
  if [ -n "$known" ]; then is=$(b2sum <"$M/new" | cut -c 1-128); else is=$(md5sum <"$M/new" | cut -c 1-32); fi
  [ "$is" = "${known:-$md5}" ] || { why="what was in it is neither kept nor what its package, $package, has"; return 1; }
}
deb_of() {
  if [ ! -d "$M/debs/$1" ]; then
    mkdir "$M/debs/$1" && dpkg-query -W -f '${binary:Package} ${Version}\n' -- "$1" 2>/dev/null | head -n 1 | apt_secure "$M/debs/$1" >&2
  fi
  ls "$M/debs/$1"/*.deb 2>/dev/null
}

# Capabilities that its package gives to a file come only with its installation.
capable() {
  if [ -n "$2" ] && cat "/var/lib/dpkg/info/$2.postinst" "/var/lib/dpkg/info/$2:"*.postinst 2>/dev/null | grep -q setcap; then printf 'capable\t%s\n' "$1"; fi
}

# accounts FILE NAMES: the file, with the lines of these names as they were.
accounts() {
  path=/etc/$1
  shift
  [ -f "$path" ] || return 0
  of_copy || { printf 'content\t%s\t-\tno copy of it was kept\n' "$path"; return; }
  mv -f -- "$M/new" "$M/was"
  NAMES=$(printf '%s\n' "$@") awk -F : '
    BEGIN { count = split(ENVIRON["NAMES"], names, "\n"); for (i = 1; i <= count; i++) named[names[i]] }
    FILENAME == ARGV[1] { if ($1 in named) was[$1] = $0; next }
    !($1 in named) { print; next }
    $1 in was { print was[$1]; delete was[$1] }
    END { for (name in was) print was[name] }' "$M/was" "$path" >"$M/new"
  if cmp -s "$M/new" "$path"; then printf 'content\t%s\tsame\n' "$path"; else found "$path" "$M/new"; fi
  rm -f -- "$M/was"
}

# Who it is: a line for each process, with when it began and the service that it belongs to.
port() { ss -Hltunp | awk -v protocol="$1" -v address="$2" '$1 == protocol && $5 == address' | grep -o 'pid=[0-9]*' | cut -c 5- | sort -u | tell_processes "port$tab$1 $2"; }
process() {
  for exe in /proc/[0-9]*/exe; do
    [ "$(readlink "$exe" 2>/dev/null)" = "$1" ] || continue
    if [ -n "$2" ] && ! grep -qz '^LD_\(PRELOAD\|AUDIT\)=.' "${exe%/exe}/environ" 2>/dev/null; then continue; fi
    basename "${exe%/exe}"
  done | tell_processes "process$tab$1"
}
tell_processes() {
  while read -r pid; do
    began=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)
    service=$(systemctl status --no-pager -n 0 "$pid" 2>/dev/null | sed -n '1s/^[^ ]* \([^ ]*\.service\)\( .*\)\{0,1\}$/\1/p')
    [ -z "$began" ] || printf '%s\t%s\t%s\t%s\n' "$1" "$pid" "$began" "$service"
  done
}

unit() { printf 'unit\t%s\t%s\n' "$1" "$(systemctl show -p LoadState -p Transient -p ActiveState -- "$1" 2>/dev/null | tr '\n' ' ')"; }
setting() { if [ -w "/proc/sys/$1" ]; then printf 'setting\t%s\n' "$1"; fi; }
odd() { if [ -d "$2" ] && [ ! -L "$2" ]; then printf 'odd\t%s\n' "$1"; fi; }

# The firewall's rules, as they were and as they are: nothing, where these texts do not load.
ruleset() {
  [ -e "$B/rules" ] || return 0
  { echo 'flush ruleset'; cat "$B/rules"; } >"$M/rules-before"
  { echo 'flush ruleset' && rules; } >"$M/rules-now" || return 0
  nft -c -f "$M/rules-before" 2>/dev/null && nft -c -f "$M/rules-now" 2>/dev/null || return 0
  printf 'rules\t%s\t%s\n' "$(base64 -w 0 <"$M/rules-before")" "$(base64 -w 0 <"$M/rules-now")"
}

# offer NAME VERSION: whether it can be installed.
offer() { if apt_simulate install "$1=$2" >/dev/null; then printf 'offer\t%s\n' "$1"; fi; }
# had NAME: whether what is there now can be had again.
had() { if deb_of "$1" >/dev/null; then printf 'had\t%s\n' "$1"; fi; }
# What would go with these.
going() { apt_simulate remove "$@" | sed -n "s/^- \([^ ]*\) .*/going$tab\1/p"; }
