# Fireclay's look at what could be newer on a machine: POSIX shell and the machine's own package manager. It changes
# nothing but the manager's lists of what is offered; where those cannot be written, it has its own, and they go again.
# It comes behind the package managers of the transaction, of which it uses the verbs.
#
# Lines, by tabs:
#
#   manager NAME
#   unrefreshed REASON               the lists are those of an earlier day
#   temporary                        the lists were its own
#   has NAME VERSION                 held NAME
#   source INDEX RELEASE DATE        what the archive says of itself
#   offer NAME VERSION INDEX         newer than what is there; of a package and a version there may be several
#   kept NAME VERSION REMOVED        apt would not take it along: it would remove these, or cannot be had at all
#   deb URI FILE, dated URI DATE     of a file of a package
#   stale, reboot                    see stale.sh of the transaction

export LC_ALL=C
note() { :; }

look() {
  printf 'manager\t%s\n' "$pm"
  [ "$pm" = apt ] || return 0
  W=$(mktemp -d) || return 1
  trap 'rm -rf -- "$W"' EXIT
  refresh
  apt_installed | awk -v OFS='\t' '{ print "has", $1, $2 }'
  apt_held | sed 's/^/held\t/'
  sources
  offers >"$W/offers"
  cat -- "$W/offers"
  if [ -s "$W/offers" ]; then
    kept
    dates
  fi
  stale_processes
  reboot_reasons
}

refresh() {
  if [ ! -w /var/lib/apt/lists ]; then
    apt_options="-o Dir::State::lists=$W/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
    mkdir -p -- "$W/lists/partial"
    echo temporary
  elif ! busy=$(wait_for_manager "$packages_wait_seconds"); then
    printf 'unrefreshed\t%s\n' "$busy"
    return 0
  fi
  # What apt calls a warning here is a list that it could not get.
  apt_get -o APT::Update::Error-Mode=any -o Acquire::Retries=1 update >"$W/said" 2>&1 </dev/null && ! grep -q '^W: Failed to fetch' "$W/said" && return 0
  grep '^[EW]: ' "$W/said" | head -n 4 | sed 's/^[EW]: /unrefreshed\t/'
  grep -q '^[EW]: ' "$W/said" || printf 'unrefreshed\tapt-get update failed\n'
}

lists() { if [ -d "$W/lists" ]; then echo "$W/lists"; else echo /var/lib/apt/lists; fi; }

# shellcheck disable=SC2086 # options, or none
cache() { apt-cache $apt_options "$@" 2>/dev/null; }

# An index and what its release says stand in two lines. Its file has the address as its name.
sources() {
  cache policy | awk -v OFS='\t' '
    /^ *-?[0-9]+ [a-z+]+:/ { $1 = ""; gsub(/\t/, " "); index_ = substr($0, 2); next }
    /^ +release / && index_ != "" {
      release = substr($0, match($0, /release /) + 8)
      split(index_, part, " "); site = part[1]; suite = part[2]
      sub(/^[a-z+]+:\/*/, "", site); sub(/^[^\/@]*@/, "", site); sub(/\/+$/, "", site); sub(/\/[^\/]*$/, "", suite)
      gsub(/_/, "%5f", site); gsub(/~/, "%7e", site); gsub(/\//, "_", site); gsub(/_/, "%5f", suite); gsub(/\//, "_", suite)
      print index_, release, site "_dists_" suite
      index_ = ""
    }' | sort -u | while IFS=$(printf '\t') read -r name release file; do
    date=$(cat "$(lists)/${file}_InRelease" "$(lists)/${file}_Release" 2>/dev/null | sed -n '/^Date: /{s///p;q;}')
    printf 'source\t%s\t%s\t%s\n' "$name" "$release" "$date"
  done
}

# The table of a package has its versions from the newest down to the one that is there; what was given less than the
# usual priority is taken only where it is what apt would take.
offers() {
  apt_installed | cut -d' ' -f1 | cache_of policy | awk -v OFS='\t' '
    /^[^ ]/ { name = $0; sub(/:$/, "", name); begun = 0; version = ""; next }
    /^  Candidate: / { candidate = $2; next }
    /^ \*\*\* / { begun = -1; next }
    /^     [^ ]/ { if (begun == 0 && $1 == candidate) begun = 1; version = (begun == 1 && ($1 == candidate || $2 + 0 >= 500)) ? $1 : ""; next }
    begun == 1 && version != "" && /^ +-?[0-9]+ [a-z+]+:/ { $1 = ""; gsub(/\t/, " "); print "offer", name, version, substr($0, 2) }'
}
# shellcheck disable=SC2086 # options, or none
cache_of() { xargs -r apt-cache $apt_options "$@" 2>/dev/null; }

# What apt leaves out of an upgrade of all may be in another's way only; so each is tried by itself.
kept() {
  apt_held | sort >"$W/held"
  simulate upgrade --with-new-pkgs
  sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$W/said" | sort - "$W/held" >"$W/fine"
  # Of a package the newest comes first.
  awk -F '\t' '!seen[$2]++ { print $2, $3 }' "$W/offers" | sort | join -v 1 - "$W/fine" | head -n 30 | while read -r name version; do
    if simulate install "$name=$version"; then
      removed=$(sed -n 's/^Remv \([^ ]*\) .*/\1/p' "$W/said" | sort | tr '\n' ' ')
      [ -z "$removed" ] || printf 'kept\t%s\t%s\t%s\n' "$name" "$version" "${removed% }"
    else
      printf 'kept\t%s\t%s\t\n' "$name" "$version"
    fi
  done
}
simulate() { apt_get -s "$@" >"$W/said" 2>/dev/null </dev/null; }

# When the files of what is offered were put there. An answer of a server begins with that; the file does not follow,
# for it is larger than asked for.
dates() {
  # shellcheck disable=SC2086 # options, or none
  awk -F '\t' '{ print $2 "=" $3 }' "$W/offers" | sort -u | head -n 400 |
    xargs apt-get -qq $apt_options -o APT::Sandbox::User=root download --print-uris 2>/dev/null |
    sed -n "s/^'\([^']*\)' \([^ ]*\) .*/\1 \2/p" >"$W/uris"
  awk -v OFS='\t' '{ print "deb", $1, $2 }' "$W/uris"
  for method in http https file; do
    sed -n "s#^\($method:[^ ]*\) .*#\1#p" "$W/uris" >"$W/asked"
    [ ! -s "$W/asked" ] || [ ! -x "/usr/lib/apt/methods/$method" ] || ask "$method"
  done
}

# apt's own program for a kind of address is told the configuration, proxies among it, and what is wanted.
ask() {
  rm -f -- "$W/in" "$W/out" && mkfifo "$W/in" "$W/out" || return 0
  (cd "$W" && exec timeout 30 "/usr/lib/apt/methods/$1" <"$W/in" >"$W/out" 2>/dev/null) &
  # It ends when nobody can ask any more.
  exec 8>"$W/in"
  wants >&8 2>/dev/null &
  answers "$(wc -l <"$W/asked")" <"$W/out"
  exec 8>&-
  wait
}
wants() {
  echo '601 Configuration'
  apt-config dump Acquire | sed -n 's/^\([^ ]*\) "\(.*\)";$/Config-Item: \1=\2/p'
  echo
  while read -r uri; do printf '600 URI Acquire\nURI: %s\nFilename: %s/file\nMaximum-Size: 1\n\n' "$uri" "$W"; done <"$W/asked"
}
answers() {
  left=$1 code='' uri='' date=''
  while [ "$left" -gt 0 ] && IFS= read -r line; do
    case $line in
      [0-9][0-9][0-9]\ *) code=${line%% *} uri='' date='' ;;
      URI:\ *) uri=${line#URI: } ;;
      Last-Modified:\ *) date=${line#Last-Modified: } ;;
      '')
        [ "$code$date" = "$code" ] || [ "${code%?}" != 20 ] || printf 'dated\t%s\t%s\n' "$uri" "$date"
        case $code in 201 | 400) left=$((left - 1)) ;; esac
        code=
        ;;
    esac
  done
}
