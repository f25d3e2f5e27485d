# Packages, by exact set.

apt() { apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false "$@"; }

have_lists() { ls /var/lib/apt/lists/*_Packages >/dev/null 2>&1; }

installed() { dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | sort; }

keep_packages() {
  installed >"$B/packages" && apt-mark showauto | sort >"$B/auto" && keep_accounts
}

# The lists may be missing or old; ask for new ones only when the ones at hand do not answer.
prepare_install_packages() {
  keep_packages || return 1
  have_lists || apt update
  apt -s install "$@" >"$B/simulated" 2>&1 || { apt update && apt -s install "$@" >"$B/simulated"; } || { tail -n 3 "$B/simulated"; return 1; }
  # Packages that would be replaced: their old files at hand before they go.
  sed -n 's/^Inst \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p; s/^Remv \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p' "$B/simulated" >"$B/replaced"
  fetch_old "$B/replaced"
}
do_install_packages() {
  have_lists || apt update
  apt install "$@" || { apt update && apt install "$@"; } || return 1
  installed | cut -d' ' -f1 >"$B/after"
  if [ -e "$B/packages" ]; then cut -d' ' -f1 "$B/packages" | comm -13 - "$B/after" >>"$T/packages"; fi
}
undo_install_packages() { restore_packages; }

prepare_remove_packages() {
  keep_packages || return 1
  split_words "$@"
  # shellcheck disable=SC2086 # names of packages, checked by the controller
  apt -s purge $named >"$B/alone" && apt -s -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 --auto-remove purge $named >"$B/all" || return 1
  for extra in $(removed_in "$B/alone"); do
    case " $named $along " in
      *" $extra "*) ;;
      *) echo "removing $named would also remove $extra, which Fireclay did not install"; return 1 ;;
    esac
  done
  for package in $(removed_in "$B/all"); do
    case " $named $along " in *" $package "*) echo "$package" ;; esac
  done >"$B/set"
  while read -r package; do dpkg-query -W -f '${binary:Package}=${Version}\n' -- "$package"; done <"$B/set" >"$B/replaced"
  fetch_old "$B/replaced"
  # shellcheck disable=SC2046
  dpkg-query -W -f '${Conffiles}\n' -- $(cat "$B/set") 2>/dev/null | sed -n 's/^ \(\/[^ ]*\) .*/\1/p' | while read -r path; do [ ! -e "$path" ] || echo "$path"; done >"$B/conffiles"
  tar -cf "$B/conffiles.tar" -P -T "$B/conffiles"
}
do_remove_packages() { [ ! -s "$B/set" ] || xargs -r dpkg --purge <"$B/set"; }
undo_remove_packages() { restore_packages && tar -xPf "$B/conffiles.tar"; }

split_words() {
  named='' along='' side=named
  for word in "$@"; do
    if [ "$word" = -- ]; then side=along; continue; fi
    if [ "$side" = named ]; then named="$named $word"; else along="$along $word"; fi
  done
}
removed_in() { sed -n 's/^\(Purg\|Remv\) \([^ ]*\) .*/\2/p' "$1"; }

fetch_old() {
  mkdir -p -- "$B/debs"
  [ -s "$1" ] || return 0
  # _apt cannot write here, and apt says so; the download works all the same.
  (cd "$B/debs" && { xargs -r apt-get -q download <"$1" || { apt update && xargs -r apt-get -q download <"$1"; }; }) || {
    echo "the old packages cannot be had any more, so this could not be undone: $(tr '\n' ' ' <"$1")"
    return 1
  }
}

# By exact set: purge what came, bring back what went, in a state that dpkg calls consistent.
restore_packages() {
  no_starts
  installed >"$B/now"
  cut -d' ' -f1 "$B/packages" >"$B/names"
  dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n '/ \(not-installed\|config-files\)$/!s/ .*//p' | sort | comm -23 - "$B/names" >"$B/new"
  [ ! -s "$B/new" ] || xargs -r dpkg --purge --force-remove-reinstreq --force-depends <"$B/new"
  dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/ config-files$//p' | sort | comm -23 - "$B/names" >"$B/rest"
  comm -23 "$B/packages" "$B/now" | cut -d' ' -f1 | sort >"$B/gone"
  if ls "$B"/debs/*.deb >/dev/null 2>&1; then dpkg --force-confold -i "$B"/debs/*.deb; fi
  dpkg --configure -a
  rm -f -- /var/lib/dpkg/info/*.dpkg-new /var/lib/dpkg/info/*.dpkg-tmp
  apt-mark showauto | sort >"$B/auto-now"
  comm -23 "$B/auto" "$B/auto-now" | xargs -r apt-mark auto >/dev/null
  comm -13 "$B/auto" "$B/auto-now" | xargs -r apt-mark manual >/dev/null
  starts_again
  give_accounts_back
  # Services that came back with their packages run again if they ran before.
  installed | cmp -s - "$B/packages"
}

no_starts() {
  if [ -e /usr/sbin/policy-rc.d ]; then return 0; fi
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && : >"$B/policy"
}
starts_again() { if [ -e "$B/policy" ]; then rm -f -- /usr/sbin/policy-rc.d "$B/policy"; fi; }
