# Fireclay's look at what nobody asked for: POSIX shell, GNU find, coreutils and awk. It changes nothing but its own
# directory.
#
#   sh look.sh mark           a transaction is about to begin that may change more than files: what there is besides them
#                             is remembered until it has ended
#   sh look.sh baseline ALL   what is there now is what should be: files that changed since the last transaction began,
#                             and with ALL=all all else that did; what had drifted before stays drifted
#   sh look.sh drift [full]   what is otherwise than the baseline says
#
# The baseline is a directory, for root only:
#   files    a line for each path: PATH KIND MODE OWNER GROUP SIZE MTIME CTIME INODE TARGET, by tabs, sorted
#   sums     a line of b2sum for each file that no package has a sum of
#   things   a line for all else that a machine has: KIND NAME VALUE, by tabs, sorted
#   kept     copies of small files that no package has
#   rules    the firewall's, in their order
#   began    the last two as they were when the last transaction began
#   whole    when it was taken, by seconds; it is written last
#
# INSTANCE is not empty on an instance of an image. FC, the home, `walk`, QUIET and LOUD for `quiet`, LEFT, paths that stay
# drift, and SECRET, described paths with secrets in them, come from where the script is sent.

umask 077
export LC_ALL=C
B=$FC/baseline
tab=$(printf '\t')

main() {
  fit || exit 1
  case $1 in
    mark) mark ;;
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

# A line for each path. Names with control characters are told apart, in $W/odd: they cannot stand in a line. Sizes of
# directories and their links mean nothing.
records() {
  inode=%i
  # Where layers make up one tree, a file's number is the layers' business.
  [ "$(stat -f -c %T /)" != overlayfs ] || inode=-
  : >"$W/odd"
  walk \( -name '*[[:cntrl:]]*' -o -lname '*[[:cntrl:]]*' \) -fprint0 "$W/odd" \
    -o -type f -printf "%p\t%y\t%#m\t%u\t%g\t%s\t%T@\t%C@\t$inode\t\n" \
    -o -printf "%p\t%y\t%#m\t%u\t%g\t-\t%T@\t%C@\t-\t%l\n"
}

# Of records those of files, the paths only, as far as their content counts.
readable() { awk -F '\t' '$2 == "f" { print $1 }' | quiet; }

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
  rules >"$W/rules" || rm -f -- "$W/rules"
  records | sort >"$W/now"
  wait
  if [ -e "$B/whole" ]; then
    accept "$(began)"
    if [ "$1" = all ]; then accept_things; else carry_over things rules; fi
    comm -23 "$W/files" "$B/files" >"$W/fresh"
  else
    mv -- "$W/now" "$W/files"
    mv -- "$W/things-now" "$W/things"
    cp -- "$W/files" "$W/fresh"
    : >"$B/sums"
  fi
  packaged | cut -c 35- | sort >"$W/packaged"
  readable <"$W/fresh" | comm -23 - "$W/packaged" | sums b2sum >"$W/sums-fresh"
  # Those of what is as it was, and the fresh ones.
  { awk -F '\t' 'NR == FNR { fresh[$1]; next } !(substr($0, 131) in fresh)' "$W/fresh" "$B/sums"; cat "$W/sums-fresh"; } | sort >"$W/sums"
  [ -n "$INSTANCE" ] || keep
  rm -f -- "$B/rules"
  [ ! -e "$W/rules" ] || mv -- "$W/rules" "$B/rules"
  for name in files sums things; do mv -f -- "$W/$name" "$B/$name" || return 1; done
  date +%s >"$B/whole"
}

# Of what is no file nothing tells when it came: so it is what it was when the transaction began that says what is new.
accept_things() {
  if [ ! -e "$B/began/things" ]; then mv -- "$W/things-now" "$W/things"; return; fi
  awk -F '\t' -v OFS='\t' '
    { key = $1 OFS $2 }
    FILENAME ~ /began\/things$/ { began[key] = began[key] RS $0; next }
    FILENAME ~ /things-now$/ { now[key] = now[key] RS $0; next }
    { was[key] = was[key] RS $0 }
    END {
      for (key in now) if (now[key] != began[key]) print substr(now[key], 2); else if (key in was) print substr(was[key], 2)
      for (key in was) if (!(key in now) && !(key in began)) print substr(was[key], 2)
    }' "$B/began/things" "$W/things-now" "$B/things" | sort -u >"$W/things"
  ! cmp -s "$W/rules" "$B/began/rules" || carry_over rules
  rm -rf -- "$B/began"
}

mark() {
  await_baseline
  [ -e "$B/whole" ] || return 0
  W=$(mktemp -d "$B/mark.XXXXXX") || return 1
  trap 'rm -rf -- "$W"' EXIT
  mkdir "$W/began"
  things >"$W/began/things"
  rules >"$W/began/rules" || rm -f -- "$W/began/rules"
  rm -rf -- "$B/began" && mv -- "$W/began" "$B/began"
}

# One that is being taken is waited for.
await_baseline() { if [ -e "$B/lock" ]; then exec 7>>"$B/lock" && flock 7; fi; }

carry_over() {
  for name in "$@"; do
    rm -f -- "$W/$name"
    [ ! -e "$B/$name" ] || cp -- "$B/$name" "$W/$name"
  done
}

# Of what only this machine has, the small ones, those in /etc first: nobody else could give them back. What not everybody
# may read, or what programs put where their data is, may be a secret, of which there should be no copy; what the
# description makes of one is in SECRET.
keep() {
  mkdir -p "$B/kept"
  cut -c 131- "$W/sums" | sort | awk -F '\t' '
    BEGIN { count = split(ENVIRON["SECRET"], paths, "\n"); for (i = 1; i <= count; i++) secret[paths[i]] }
    FILENAME ~ /files$/ { size[$1] = $6; open[$1] = $3 ~ /[4567]$/; next }
    $0 in secret { next }
    $0 !~ "^/(etc|usr|boot|lib[^/]*|s?bin|root/[.](ssh|bashrc|profile)|var/spool/cron|var/lib/dpkg/info|home/[^/]*/[.]ssh)(/|$)" { next }
    !open[$0] && $0 !~ "^/etc/(passwd|group|shadow|gshadow|subuid|subgid)$|^/etc/(sudoers|cron|ssh/ssh_host_)|/[.]ssh/(authorized_keys|config|known_hosts)|^/var/spool/cron/" { next }
    size[$0] + 0 <= 65536 && (all += size[$0]) <= 16777216' "$W/files" - >"$W/small"
  (cd "$B/kept" && find . -type f -printf '/%P\n') | sort >"$W/had"
  comm -23 "$W/had" "$W/small" | sed "s#^#$B/kept#" | xargs -d '\n' -r rm -f --
  { comm -13 "$W/had" "$W/small"; cut -f 1 "$W/fresh" | sort | comm -12 - "$W/small"; } | sort -u >"$W/to-keep"
  tar -C / -cf - --verbatim-files-from -T "$W/to-keep" 2>/dev/null | tar -C "$B/kept" -xpf - 2>/dev/null
}

# When the last transaction began: seconds.
began() { find "$FC/txn" -mindepth 2 -maxdepth 2 -name steps -printf '%T@\n' 2>/dev/null | sort -rn | head -n 1; }

# What changed since then is accepted, and what is meant. Of what is gone only the directory tells when it went.
accept() {
  meant >"$W/meant"
  awk -F '\t' -v OFS='\t' -v began="${1:-0}" '
    function directory(path) { sub("/[^/]*$", "", path); return path == "" ? "/" : path }
    BEGIN { count = split(ENVIRON["LEFT"], paths, "\n"); for (i = 1; i <= count; i++) left[paths[i]] }
    FILENAME ~ /meant$/ { meant[$0]; next }
    FILENAME ~ /now$/ { now[$1] = $0; changed[$1] = $8; kind[$1] = $2; next }
    { old[$1] = $0 }
    function isMeant(path) { return (path in meant) && !((path in old) && kind[path] == "d") }
    END {
      for (path in now) if (!(path in left) && ((path in old && now[path] == old[path]) || changed[path] + 0 >= began + 0 || isMeant(path))) print now[path]; else if (path in old) print old[path]
      for (path in old) if (!(path in now) && !(path in meant)) { up = directory(path); if (path in left || (up in now && changed[up] + 0 < began + 0)) print old[path] }
    }' "$W/meant" "$W/now" "$B/files" | sort >"$W/files"
}

# Paths of MEANT_PATHS, and all that the packages of MEANT_PACKAGES brought.
meant() {
  printf '%s\n' "$MEANT_PATHS"
  for name in $MEANT_PACKAGES; do
    for list in "/var/lib/dpkg/info/$name.list" "/var/lib/dpkg/info/$name":*.list; do
      [ -e "$list" ] || continue
      cat -- "$list"
      printf '%s\n' "${list%list}"* /var/lib/dpkg/status
    done
  done | if [ -L /bin ]; then sed -E 's#^/(bin|sbin|lib|lib64|lib32|libx32)/#/usr/\1/#'; else cat; fi
}

look() {
  await_baseline
  if [ ! -e "$B/whole" ]; then printf 'none'; return; fi
  W=$(mktemp -d "$B/look.XXXXXX") || return 1
  trap 'rm -rf -- "$W"' EXIT
  printf 'taken %s' "$(cat "$B/whole")"
  # Side by side: one waits for the disk, the other for many small programs.
  { things; [ -z "$INSTANCE" ] || intruders; } | sort >"$W/things" &
  if [ "$1" = full ]; then
    # What was found is read while more is being found.
    mkfifo "$W/found"
    readable <"$W/found" | sums b2sum >"$W/sums" &
    records | tee "$W/found" | sort >"$W/now"
  else
    records | sort >"$W/now"
  fi
  comm -3 "$B/files" "$W/now" >"$W/changed"
  sed -n "s/^$tab\([^$tab]*\)${tab}f$tab.*/\1/p" "$W/changed" >"$W/changed-files"
  [ "$1" = full ] || quiet <"$W/changed-files" | sums b2sum >"$W/sums"
  wait
  # Files whose content is not the one that is known.
  comm -23 "$W/sums" "$B/sums" >"$W/unknown"
  cut -c 131- "$W/unknown" | sort >"$W/other"
  : >"$W/content"
  if [ -s "$W/other" ]; then
    packaged | sort >"$W/packaged"
    # What is watched only since the baseline was taken has no sum yet: then its times have to do.
    { cut -c 131- "$B/sums"; cut -c 35- "$W/packaged"; cat "$W/changed-files"; } >"$W/known"
    sums md5sum <"$W/other" | comm -23 - "$W/packaged" | cut -c 35- |
      awk 'NR == FNR { known[$0]; next } $0 in known' "$W/known" - >"$W/content"
    [ "$1" != full ] || learn
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
  comm -3 "$B/things" "$W/things"
  printf '\0'; cat "$W/odd"
}

# What had no sum and is as its package says, or as old as the baseline, has one from now on: one reading tells then.
learn() {
  awk '{ path = substr($0, 131) }
    FILENAME ~ /content$/ { other[$0]; next }
    FILENAME ~ /unknown$/ { if (!(path in other)) { learnt[path]; print }; next }
    !(path in learnt)' "$W/content" "$W/unknown" "$B/sums" | sort >"$W/sums"
  mv -f -- "$W/sums" "$B/sums"
}
