# Fireclay's look at what nobody asked for: POSIX shell, GNU find, coreutils and awk. It changes nothing but its own
# directory.
#
#   sh look.sh baseline ALL   what is there now is what should be: files that changed since the last transaction began,
#                             and with ALL=all everything else too; what had drifted before stays drifted
#   sh look.sh drift [full]   what is otherwise than the baseline says
#
# The baseline is a directory, for root only:
#   files    a line for each path: PATH KIND MODE OWNER GROUP SIZE MTIME CTIME INODE TARGET, by tabs, sorted
#   sums     a line of b2sum for each file that no package has a sum of
#   things   a line for all else that a machine has: KIND NAME VALUE, by tabs, sorted
#   whole    when it was taken, by seconds; it is written last
#
# FC, the home, `walk`, and QUIET and LOUD for `quiet` come from where the script is sent.

umask 077
export LC_ALL=C
B=$FC/baseline
tab=$(printf '\t')

main() {
  fit || exit 1
  case $1 in
    baseline) take "$2" ;;
    drift) look "$2" ;;
  esac
}

# A program that was put in another's place must not make a machine look clean.
fit() {
  [ "$(printf '2 b\n1 a\n' | sort | awk '{ print $2 }' | sed 's/a/x/' | tr '\n' ,)" = x,b, ] &&
    [ "$(find / -maxdepth 0 -printf '%p %y')" = '/ d' ] &&
    [ "$(printf x | b2sum | cut -c 1-8)" = 0909377a ] || {
    echo "awk, sed, sort, find or b2sum does not do what it should" >&2
    return 1
  }
}

# Names with control characters are told apart: they cannot stand in a line. Sizes of directories and their links mean nothing.
files() {
  inode=%i
  # Where layers make up one tree, a file's number is the layers' business.
  [ "$(stat -f -c %T /)" != overlayfs ] || inode=-
  walk ! -name '*[[:cntrl:]]*' ! -lname '*[[:cntrl:]]*' \
    \( -type f -printf "%p\t%y\t%#m\t%u\t%g\t%s\t%T@\t%C@\t$inode\t\n" \
    -o -printf "%p\t%y\t%#m\t%u\t%g\t-\t%T@\t%C@\t-\t%l\n" \) | sort
}

# Of paths, one a line, those of which the content counts.
quiet() { awk '$0 !~ ENVIRON["QUIET"] || $0 ~ ENVIRON["LOUD"]'; }

# tar is on every Debian, and tells of attributes in what it writes.
capable() {
  head -n 500 | while IFS= read -r path; do
    ! tar -c --xattrs --xattrs-include='security.*' --no-recursion -f - -- "$path" 2>/dev/null | head -c 4096 | grep -aq SCHILY.xattr.security.capability || printf '%s\n' "$path"
  done
}

# Of files, one a line, their sums, by the named program.
sums() { xargs -d '\n' -r -n 200 -P "$(nproc)" "$1" -- 2>/dev/null | sort; }

packaged() {
  [ -d /var/lib/dpkg/info ] || return 0
  find /var/lib/dpkg/info -name '*.md5sums' -exec cat {} + | merged_usr
}
# Packages say /bin/x, find says /usr/bin/x, where one is a link to the other.
merged_usr() {
  if [ -L /bin ]; then sed -E 's#^([0-9a-f]{32}  )#\1/#; s#^(.{34})/(bin|sbin|lib|lib64|lib32|libx32)/#\1/usr/\2/#'; else sed -E 's#^([0-9a-f]{32}  )#\1/#'; fi
}

take() {
  W=$(mktemp -d "$B/new.XXXXXX") || return 1
  trap 'rm -rf -- "$W"' EXIT
  things >"$W/things-now" &
  files >"$W/now"
  wait
  if [ -e "$B/whole" ]; then
    accept "$(began)"
    if [ "$1" = all ]; then mv -- "$W/things-now" "$W/things"; else cp -- "$B/things" "$W/things"; fi
    comm -23 "$W/files" "$B/files" >"$W/fresh"
  else
    mv -- "$W/now" "$W/files"
    mv -- "$W/things-now" "$W/things"
    cp -- "$W/files" "$W/fresh"
    : >"$B/sums"
  fi
  packaged | cut -c 35- | sort >"$W/packaged"
  awk -F '\t' '$2 == "f" { print $1 }' "$W/fresh" | quiet | comm -23 - "$W/packaged" | sums b2sum >"$W/sums-fresh"
  # Those of what is as it was, and the fresh ones.
  { awk -F '\t' 'NR == FNR { fresh[$1]; next } !(substr($0, 131) in fresh)' "$W/fresh" "$B/sums"; cat "$W/sums-fresh"; } | sort >"$W/sums"
  for name in files sums things; do mv -f -- "$W/$name" "$B/$name" || return 1; done
  date +%s >"$B/whole"
}

# When the last transaction began: seconds.
began() { find "$FC/txn" -mindepth 2 -maxdepth 2 -name steps -printf '%T@\n' 2>/dev/null | sort -rn | head -n 1; }

# What changed since then is accepted. Of what is gone only the directory tells when it went.
accept() {
  awk -F '\t' -v OFS='\t' -v began="${1:-0}" '
    function directory(path) { sub("/[^/]*$", "", path); return path == "" ? "/" : path }
    NR == FNR { now[$1] = $0; changed[$1] = $8; next }
    { old[$1] = $0 }
    END {
      for (path in now) if (now[path] == old[path] || changed[path] + 0 >= began + 0) print now[path]; else if (path in old) print old[path]
      for (path in old) if (!(path in now)) { up = directory(path); if (up in now && changed[up] + 0 < began + 0) print old[path] }
    }' "$W/now" "$B/files" | sort >"$W/files"
}

look() {
  # One that is being taken is waited for.
  if [ -e "$B/lock" ]; then exec 7>>"$B/lock" && flock 7; fi
  if [ ! -e "$B/whole" ]; then printf 'none'; return; fi
  W=$(mktemp -d "$B/look.XXXXXX") || return 1
  trap 'rm -rf -- "$W"' EXIT
  printf 'taken %s' "$(cat "$B/whole")"
  # Side by side: one waits for the disk, the other for many small programs.
  things >"$W/things" &
  files >"$W/now"
  comm -3 "$B/files" "$W/now" >"$W/changed"
  sed -n "s/^$tab\([^$tab]*\)${tab}f$tab.*/\1/p" "$W/changed" >"$W/changed-files"
  if [ "$1" = full ]; then awk -F '\t' '$2 == "f" { print $1 }' "$W/now"; else cat "$W/changed-files"; fi | quiet | sort -u >"$W/read"
  # Files whose content is not the one that is known.
  sums b2sum <"$W/read" | comm -23 - "$B/sums" | cut -c 131- | sort >"$W/other"
  : >"$W/content"
  if [ -s "$W/other" ]; then
    packaged | sort >"$W/packaged"
    sums md5sum <"$W/other" | comm -23 - "$W/packaged" | cut -c 35- >"$W/content"
  fi
  printf '\0'; cat "$W/changed"
  # Only reading shows these: all else about them is as it was.
  awk -F '\t' 'FILENAME ~ /content$/ { other[$0]; next } FILENAME ~ /changed-files$/ { delete other[$0]; next }
    $1 in other { print; print "\t" $0 }' "$W/content" "$W/changed-files" "$W/now"
  printf '\0'; cat "$W/content"
  # Of what was changed, those that have rights by an attribute: nothing else would show it.
  printf '\0'
  quiet <"$W/changed-files" | capable
  printf '\0'
  wait
  comm -3 "$B/things" "$W/things"
  printf '\0'
  walk \( -name '*[[:cntrl:]]*' -o -lname '*[[:cntrl:]]*' \) -print0
}

things() { { packages; accounts; ports; mounts; modules; settings; firewall; units; processes; stray; } 2>/dev/null | sort -u; }

packages() {
  [ ! -e /var/lib/dpkg/status ] || awk -v OFS='\t' '
    $1 == "Package:" { name = $2; version = ""; arch = ""; state = "" }
    $1 == "Status:" { state = $2 == "hold" ? $4 " held" : $4 }
    $1 == "Architecture:" { arch = $2 }
    $1 == "Version:" { version = $2 }
    /^$/ { if (name != "" && state != "not-installed") print "package", name ":" arch, version " " state; name = "" }
    END { if (name != "") print "package", name ":" arch, version " " state }' /var/lib/dpkg/status
}

# Of passwords only whether they are the same.
accounts() {
  awk -F : -v OFS='\t' '{ print "account", $1, $3 ":" $4 ":" $6 ":" $7 }' /etc/passwd
  awk -F : -v OFS='\t' '{ print "group", $1, $3 ":" $4 }' /etc/group
  mkdir "$W/passwords" && cd "$W/passwords" || return
  awk -F : '{ print $1 ":" $2 > $1; close($1) }' /etc/shadow
  sha256sum -- * | awk -v OFS='\t' '{ print "password", $2, substr($1, 1, 16) }'
  cd / && rm -rf -- "$W/passwords"
}

# Listening only: a client's port is the kernel's choice.
ports() {
  command -v ss >/dev/null || return 0
  ss -Hltunp | awk -v OFS='\t' '
    { program = ""; if (match($0, /users:\(\("[^"]*"/)) program = substr($0, RSTART + 9, RLENGTH - 10)
      port = $5; sub(/.*:/, "", port)
      if ($1 == "udp" && port >= 32768) next
      print "port", $1 " " $5, program }'
}

# Of the options those that allow or forbid something: the others differ from one boot to the next.
mounts() {
  awk -v OFS='\t' '$2 !~ "^/(proc|sys|dev|run)(/|$)" {
    count = split($4, options, ","); kept = ""
    for (i = 1; i <= count; i++) if (options[i] ~ /^(rw|ro|nosuid|nodev|noexec)$/) kept = kept " " options[i]
    print "mount", $2, $1 " " $3 kept }' /proc/mounts
}
modules() { awk -v OFS='\t' '{ print "kernel module", $1, "" }' /proc/modules; }

settings() {
  find /proc/sys/kernel /proc/sys/net /proc/sys/vm /proc/sys/fs -type f -perm -200 ! -path '*/net/*/neigh/*' ! -path '*/fs/binfmt_misc/*' -print0 |
    xargs -0 -r grep -sH '' | sed -n "s#^/proc/sys/\([^:]*\):#kernel setting$tab\1$tab#p"
}

firewall() {
  { nft -s list ruleset || { iptables-save; ip6tables-save; }; } | sed -n "/^ *#/d; s/\[[0-9:]*\]//; s/^[ $tab]*\(..*\)/firewall rule$tab\1$tab/p"
}

units() {
  command -v systemctl >/dev/null || return 0
  systemctl list-units --plain --no-legend --no-pager --type=service,timer,socket,path --state=running,waiting,listening |
    awk -v OFS='\t' '{ print "running unit", $1, $4 }'
}

# A program that is gone from the disk, or that lies where anybody may write, or that is given other libraries.
processes() {
  find /proc/[0-9]*/exe -maxdepth 0 -printf '%l\n' | awk -v OFS='\t' '
    / \(deleted\)$/ { print "process", $0, "runs a file that is gone"; next }
    $0 ~ "^/(tmp|var/tmp|dev/shm|run/user)/" { print "process", $0, "runs from where anybody may write" }'
  grep -zsH '^LD_\(PRELOAD\|AUDIT\)=.' /proc/[0-9]*/environ | tr '\0' '\n' | while IFS=: read -r environ setting; do
    printf 'process\t%s\tis given the library %s\n' "$(readlink "${environ%/*}/exe")" "${setting#*=}"
  done
}

# Programs that run as another where nothing else is looked at.
stray() {
  find /tmp /var/tmp /dev/shm /run -xdev -type f -perm /6000 -printf 'setuid program\t%p\t%#m %u\n'
}
