# Looks ahead for a plan: what installing or removing would do. Sent with questions, not with transactions. It changes
# nothing on the machine but for a directory of its own, which goes again.
#
#   foresee HOW WORDS    lines: manager NAME, missing (its lists), + ~ - as of simulate, held NAME, lost NAME VERSION
#                        (its file cannot be had any more), needs NAME (it goes with one that is removed), unknown WORD, refused REASON, download BYTES, space SIZE UNIT used
#
# The verbs of a manager that only this needs:
#
#   look_only            from now on nothing is written but in the own directory: no store and no cache
#   look_afresh          asks the sources into the own directory
#   lost                 of lines NAME VERSION: those whose file neither a source nor the own store has
#   unknown              from what a simulation said: the words that nobody offers
#   sizes WORDS          of an installation

foresee() {
  echo "manager $pm"
  [ -n "$pm" ] || return 0
  "${pm}_ready" || { echo missing; return 0; }
  S=$(mktemp -d) || return 0
  B=$S
  "${pm}_look_only"
  if "${pm}_simulate" "$@" >"$S/changes" || { "${pm}_look_afresh" >/dev/null 2>&1 && "${pm}_simulate" "$@" >"$S/changes"; }; then
    cat -- "$S/changes"
    "${pm}_held" >"$S/held"
    held_in "$S/changes" "$S/held" | sed 's/^/held /'
    changed_in "$S/changes" | sort -u >"$S/replaced"
    [ ! -s "$S/replaced" ] || "${pm}_lost" <"$S/replaced" | sed 's/^/lost /'
    case $1 in
      install) shift; "${pm}_sizes" "$@" ;;
      clean) shift; "${pm}_simulate" remove "$@" | sed -n 's/^- \([^ ]*\) .*/needs \1/p' ;;
    esac
  else
    "${pm}_unknown" <"$S/changes" >"$S/unknown"
    # One that is held may be what stands in the way.
    "${pm}_held" | while read -r name; do if grep -qwF -- "$name" "$S/changes"; then echo "held $name"; fi; done
    if [ -s "$S/unknown" ]; then sed 's/^/unknown /' "$S/unknown"; else tail -n 4 "$S/changes" | sed 's/^/refused /'; fi
  fi
  rm -rf -- "$S"
}

# What apt made of its lists it would make again for each question. Where that has no room, it has to.
apt_look_only() {
  apt_options="-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="
  [ "$(df -Pk -- "$S" | awk 'NR == 2 { print $4 }')" -ge 500000 ] || return 0
  apt_options="-o Dir::Cache::pkgcache=$S/pkgcache.bin -o Dir::Cache::srcpkgcache=$S/srcpkgcache.bin"
  for file in pkgcache.bin srcpkgcache.bin; do cp -- "/var/cache/apt/$file" "$S/" || rm -f -- "$S/$file"; done 2>/dev/null
}
apt_look_afresh() {
  apt_options="$apt_options -o Dir::State::lists=$S/lists"
  mkdir -p -- "$S/lists/partial" && apt_get update
}
apt_lost() {
  cat >"$S/wanted"
  # shellcheck disable=SC2086 # options
  cut -d' ' -f1 "$S/wanted" | xargs apt-cache $apt_options madison 2>/dev/null |
    sed -n 's/^ *\([^ ]*\) | *\([^ ]*\) | .*Packages$/\1 \2/p' | sort -u | comm -23 "$S/wanted" - |
    while read -r name version; do [ -n "$(apt_archived "$name" "$version")" ] || echo "$name $version"; done
}
apt_unknown() {
  sed -n -e 's/^E: Unable to locate package \(.*\)/\1/p' -e "s/^E: Version '\(.*\)' for '\(.*\)' was not found/\2=\1/p" \
    -e "s/^E: Package '\(.*\)' has no installation candidate/\1/p"
}
apt_sizes() {
  apt_get --allow-change-held-packages --print-uris install $(apt_words "$@") >"$S/sizes" 2>/dev/null
  total=0
  for size in $(sed -n "s/^'.*' [^ ]* \([0-9]*\) .*/\1/p" "$S/sizes"); do total=$((total + size)); done
  echo "download $total"
  sed -n 's/^After this operation, \([0-9.,]*\) \([kMGT]*B\) .* \(used\|freed\)\.$/space \1 \2 \3/p' "$S/sizes"
}

dnf_look_only() { dnf_options=--cacheonly; }
dnf_look_afresh() { dnf_options="--setopt=cachedir=$S/cache"; }
dnf_lost() {
  while read -r name version; do
    dnf_do -q --disableexcludes=all repoquery --available --qf '%{name}' -- "$name-$version" 2>/dev/null | grep -qxF -- "$name" || echo "$name $version"
  done
}
dnf_unknown() { sed -n -e 's/^No match for argument: \([^ ]*\)$/\1/p'; }
dnf_sizes() {
  dnf_do --assumeno --allowerasing install $(dnf_words "$@") >"$S/sizes" 2>/dev/null
  sed -n -e 's/^Total download size: \([0-9.]*\) \([kMGT]*\)$/download \1 \2B/p' -e 's/^Installed size: \([0-9.]*\) \([kMGT]*\)$/space \1 \2B used/p' \
    -e 's/^Freed space: \([0-9.]*\) \([kMGT]*\)$/space \1 \2B freed/p' "$S/sizes"
}

apk_look_only() { :; }
apk_look_afresh() { return 1; }
apk_lost() { while read -r name version; do apk policy "$name" | sed -n "/^  $version:/,/^  [^ ]/p" | grep -q '^    [a-z@]*[/h]' || echo "$name $version"; done; }
apk_unknown() { sed -n 's/^  \([^ ]*\) (no such package):$/\1/p'; }
apk_sizes() { :; }
