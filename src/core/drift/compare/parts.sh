# A machine as lists, to be held against those of others. Comes after look.sh, whose functions it uses, and changes nothing.
#
#   hold          a line for each part of the machine: PART DIGEST LINES, by tabs
#   hold PART …   for each of them a line `part` PART, and its own: KIND NAME VALUE, which is, of a `path`,
#                 KIND MODE OWNER GROUP SIZE SUM TARGET
#
# SUM is `=` where a file is what its package says, and `-` where it was not read. What each machine has for itself is left
# out here and not later: digests would differ by it. LEFT_OUT (paths), OWN (things: KIND, a tab, NAME), BIG (bytes), QUIET
# and LOUD say what that is.

hold() {
  fit || exit 1
  # Also on a machine that Fireclay has never changed.
  W=$(mktemp -d) || return 1
  trap 'rm -rf -- "$W"' EXIT
  mkdir "$W/parts"
  addresses >"$W/addresses"
  { things | sed -E -f "$W/addresses" | grep -vE "$OWN" | without_sources | sort -u; } >"$W/things" &
  paths >"$W/paths"
  wait
  # Directories two deep are a part each, and every kind of thing is.
  awk -F '\t' -v into="$W/parts/" '
    function part(steps, count) {
      if ($1 != "path") return $1
      count = split($2, steps, "/")
      return "path " (count < 3 ? "/" : count == 3 ? "/" steps[2] : "/" steps[2] "/" steps[3])
    }
    { name = part(); if (!(name in number)) number[name] = ++last
      if (name != current) { if (current != "") close(into number[current]); current = name }
      print >>(into number[name]); lines[name]++ }
    END { for (name in number) print number[name] "\t" name "\t" lines[name] }' "$W/things" "$W/paths" >"$W/index"
  if [ $# -eq 0 ]; then
    (cd "$W/parts" && b2sum -l 128 -- *) | awk -v OFS='\t' '{ print $2, $1 }' |
      awk -F '\t' -v OFS='\t' 'NR == FNR { digest[$1] = $2; next } { print $2, digest[$1], $3 }' - "$W/index"
    return
  fi
  for part; do
    number=$(awk -F '\t' -v part="$part" '$2 == part { print $1 }' "$W/index")
    [ -z "$number" ] || { printf 'part\t%s\n' "$part"; cat "$W/parts/$number"; }
  done
}

# Of a password nothing else can be compared: two machines salt the same one differently.
passwords() {
  awk -F : -v OFS='\t' '{ print "password", $1, $2 == "" ? "none" : $2 ~ /^[!*]/ ? "locked" : "set" }' /etc/shadow
}

# A machine's own address is what every machine has.
addresses() {
  ! command -v ip >/dev/null || ip -o addr show 2>/dev/null |
    awk '$4 !~ /^(127\.|::1\/)/ { sub("/.*", "", $4); gsub(/\./, "\\.", $4); print "s/(^|[^0-9a-f:.])" $4 "([^0-9a-f.]|$)/\\1(its own)\\2/g" }'
}

# Which disk it is says nothing.
without_sources() { awk -F '\t' -v OFS='\t' '$1 == "mount" { sub(/^[^ ]* /, "", $3) } { print }'; }

paths() {
  records | sort >"$W/all"
  cut -f 1 "$W/all" >"$W/names"
  { grep -E "$LEFT_OUT" "$W/names"; grep -E "$QUIET" "$W/names" | grep -vE "$LOUD"; } >"$W/left-out"
  # Programs that run as another are told wherever they are, others where only data should be.
  awk -F '\t' -v instance="$INSTANCE" -v leave="$W/left-out" '
    FILENAME == leave { left[$1]; next }
    $1 in left {
      if ($2 != "f") next
      if ($3 !~ /^0[2-7]...$/ && ($3 !~ /[1357].?.?$/ || (!instance && $1 !~ "^/var/(cache|log|lib|spool)/"))) next
    }
    { print }' "$W/left-out" "$W/all" >"$W/now"
  born >"$W/born"
  : >"$W/ask-package"; : >"$W/ask"
  awk -F '\t' -v born="$W/born" -v dir="$W" -v big="$BIG" '
    FILENAME == born { at[$1] = $3; next }
    $2 != "f" || $1 ~ "^/etc/(passwd|group|g?shadow|sub[ug]id)$" { next }
    $1 in at { if ($8 + 0 > at[$1] + 0) print $1 >(dir "/ask-package"); next }
    big == "" || $6 + 0 <= big + 0 { print $1 >(dir "/ask") }' "$W/born" "$W/now"
  { sums md5sum <"$W/ask-package"; sums b2sum <"$W/ask" | sed -E 's/^(\\?[0-9a-f]{32})[0-9a-f]{96}/\1/'; } >"$W/read"
  awk -F '\t' -v OFS='\t' -v born="$W/born" -v read="$W/read" '
    FILENAME == born { packaged[$1] = $2; next }
    FILENAME == read {
      sum = $0; plain = sub(/^\\/, "", sum) == 0; name = substr(sum, 35)
      if (!plain) gsub(/\\\\/, "\\", name)
      found[name] = substr(sum, 1, 32); next
    }
    { size = $6; sum = "-"
      if ($2 != "f") size = "-"
      else if ($1 ~ "^/etc/(passwd|group|g?shadow|sub[ug]id)$") size = "-"
      else if ($1 in packaged) { if (!($1 in found) || found[$1] == packaged[$1]) { size = "-"; sum = "=" } else sum = found[$1] }
      else if ($1 in found) sum = found[$1]
      print "path", $1, $2, $3, $4, $5, size, sum, $10 }' "$W/born" "$W/read" "$W/now"
}

# Files of packages: PATH SUM, and when the package was last unpacked. One that was touched since is read.
born() {
  [ -d /var/lib/dpkg/info ] || return 0
  find /var/lib/dpkg/info -name '*.md5sums' -printf '%p\t%C@\n' >"$W/unpacked"
  cut -f 1 "$W/unpacked" | xargs -d '\n' -r awk '
    NR == FNR { split($0, column, "\t"); at[column[1]] = column[2]; next }
    { print $0 "\t" at[FILENAME] }' "$W/unpacked" | merged_usr |
    awk -F '\t' -v OFS='\t' '{ print substr($1, 35), substr($1, 1, 32), $2 }'
}
