# apt and dpkg.

apt_get() {
  # shellcheck disable=SC2086 # options, or none
  apt-get -q -y $apt_options -o DPkg::Lock::Timeout="$packages_wait_seconds" -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false -o APT::Sandbox::User=root --allow-downgrades "$@"
}
apt_options=

apt_ready() { ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; }
apt_refresh() { apt_get update; }

# An architecture is named where it is not the machine's own, as apt does.
apt_list() {
  own=$(dpkg --print-architecture)
  dpkg-query -W -f '${Package} ${Architecture} ${Version} ${db:Status-Status} ${db:Status-Want}\n' |
    sed -E -e "s/^([^ ]+) ($own|all) /\1 /" -e 's/^([^ ]+) ([^ ]+) ([^ ]+ [^ ]+ [^ ]+)$/\1:\2 \3/' | sort
}
apt_installed() { apt_list | sed -n 's/ installed [a-z]*$//p'; }
apt_held() { apt_list | sed -n 's/^\([^ ]*\) .* hold$/\1/p'; }
apt_automatic() { apt-mark showauto | sort; }
# Whatever dpkg knows and has not wholly forgotten, and what it only keeps the configuration of.
apt_present() { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n '/ \(not-installed\|config-files\)$/!s/ .*//p' | sort; }
apt_residual() { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/ config-files$//p' | sort; }

apt_locks() { echo /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; }
apt_state() {
  printf '%s\n' /etc /var/lib/apt/extended_states /var/lib/dpkg/alternatives /var/lib/dpkg/diversions /var/lib/dpkg/statoverride \
    /var/lib/ucf /var/lib/pam /var/lib/systemd/deb-systemd-helper-enabled /var/lib/systemd/deb-systemd-helper-masked \
    /var/lib/systemd/deb-systemd-user-helper-enabled
}

apt_simulate() {
  case $1 in
    install)
      shift
      # shellcheck disable=SC2046 # names and versions
      set -- --allow-change-held-packages install $(apt_words "$@")
      ;;
    remove) shift; set -- --allow-change-held-packages purge "$@" ;;
    clean) shift; set -- --allow-change-held-packages -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 --auto-remove purge "$@" ;;
  esac
  said=$(apt_get -s "$@" 2>&1) || { printf '%s\n' "$said"; return 1; }
  printf '%s\n' "$said" | sed -n -e 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\) .*/~ \1 \2 \3/p' -e 's/^Inst \([^ ]*\) (\([^ ]*\) .*/+ \1 \2/p' \
    -e 's/^Remv \([^ ]*\) \[\([^]]*\)\].*/- \1 \2/p' -e 's/^Purg \([^ ]*\) \[\([^]]*\)\].*/- \1 \2/p'
}

# shellcheck disable=SC2046 # names and versions
apt_get_ready() { apt_get --download-only install $(apt_words "$@") || { apt_refresh && apt_get --download-only install $(apt_words "$@"); }; }
# shellcheck disable=SC2046
apt_install() { apt_get install $(apt_words "$@"); }
# What an upgrade replaced is at hand whatever the sources still offer.
apt_words() {
  for word in "$@"; do
    for file in "${FC:-/var/lib/fireclay}/packages/${word%%[:=]*}_$(printf '%s' "${word#*=}" | sed 's/:/%3a/g')"_*.deb; do
      if [ "$word" != "${word#*=}" ] && [ -f "$file" ]; then word=$file; fi
    done
    printf '%s\n' "$word"
  done
}
# To name a package is to ask for it: those that nobody had asked for are as before.
apt_mark_as_before() {
  apt_automatic | comm -23 "$B/auto" - >"$B/asked-for"
  apt_installed | cut -d' ' -f1 | sort | comm -12 - "$B/asked-for" | xargs -r apt-mark -qq auto
}
apt_remove() { dpkg --purge "$@"; }

apt_secure() {
  while read -r name version; do
    file=$(apt_archived "$name" "$version")
    if [ -n "$file" ]; then cp -- "$file" "$1/"; else printf '%s=%s\n' "$name" "$version"; fi
  done >"$1.wanted"
  [ -s "$1.wanted" ] || return 0
  (cd "$1" && { xargs apt-get -q -o APT::Sandbox::User=root download <"$1.wanted" || { apt_refresh && xargs apt-get -q -o APT::Sandbox::User=root download <"$1.wanted"; }; })
}
apt_stash() { mv -n -- "$1"/*.deb /var/cache/apt/archives/; }
# apt's own store, where it is whole and what its name says.
apt_archived() {
  file=/var/cache/apt/archives/${1%%:*}_$(printf '%s' "$2" | sed 's/:/%3a/g')_$(dpkg-query -W -f '${Architecture}' -- "$1").deb
  if [ -f "$file" ] && [ "$(dpkg-deb -W --showformat='${Package} ${Version}' "$file" 2>/dev/null)" = "${1%%:*} $2" ] &&
    dpkg-deb --fsys-tarfile "$file" >/dev/null 2>&1; then printf '%s\n' "$file"; fi
}

apt_keep() { apt_present >"$B/present" && apt_residual >"$B/residual"; }
apt_put_back() {
  no_starts
  apt_present | comm -23 - "$B/present" >"$B/came"
  apt_purge "$B/came"
  if ls "$B"/old/*.deb >/dev/null 2>&1; then dpkg --force-confold --force-confdef --force-overwrite --force-depends -i "$B"/old/*.deb; fi
  dpkg --configure -a
  apt_diverted
  apt_residual | comm -23 - "$B/residual" | comm -23 - "$B/present" | xargs -r dpkg --purge
  # What dpkg and apt had begun to write when they were killed, or the disk was full.
  rm -f -- /var/lib/dpkg/info/*.dpkg-new /var/lib/dpkg/info/*.dpkg-tmp /var/lib/apt/extended_states.??????
  starts_again
}
# What had left only its configuration behind goes back to that. A package whose own scripts do not let it go, goes
# without them: what they would have put back is put back from what was kept.
apt_purge() {
  comm -12 "$1" "$B/residual" | xargs -r dpkg --remove --force-remove-reinstreq --force-depends
  comm -23 "$1" "$B/residual" | xargs -r dpkg --purge --force-remove-reinstreq --force-depends && return 0
  apt_present | comm -12 - "$1" | while read -r name; do
    rm -f -- "/var/lib/dpkg/info/$name.prerm" "/var/lib/dpkg/info/$name.postrm"
    dpkg --purge --force-remove-reinstreq --force-depends "$name"
  done
}
# Diversions and alternatives that a package left behind: their files and links lie where nothing else looks for them.
apt_diverted() {
  tar -xOf "$B/state.tar" var/lib/dpkg/diversions >"$B/diversions" 2>/dev/null
  dpkg-divert --list | while IFS= read -r line; do
    path=${line#*diversion of } && path=${path%% to *}
    if grep -qxF -- "$path" "$B/diversions"; then continue; fi
    case $line in
      *" by "*) dpkg-divert --package "${line##* by }" --rename --remove "$path" ;;
      *) dpkg-divert --local --rename --remove "$path" ;;
    esac
  done
  tar -tf "$B/state.tar" var/lib/dpkg/alternatives 2>/dev/null | sed 's,.*/,,' | sort >"$B/alternatives"
  ls /var/lib/dpkg/alternatives | sort | comm -23 - "$B/alternatives" | while IFS= read -r name; do update-alternatives --remove-all "$name"; done
}

# Links of alternatives lie all over: those that were taken away with a choice come back with it.
apt_settle() {
  sed -n 's,^/var/lib/dpkg/alternatives/,&,p' "$B/back" 2>/dev/null | while IFS= read -r file; do
    [ -f "$file" ] || continue
    {
      read -r mode && read -r link && apt_link "${file##*/}" "$link"
      while IFS= read -r name && [ -n "$name" ] && IFS= read -r link; do apt_link "$name" "$link"; done
    } <"$file"
  done
}
apt_link() { if exists "/etc/alternatives/$1" && ! exists "$2"; then ln -s -- "/etc/alternatives/$1" "$2"; fi; }

apt_units() { [ $# -eq 0 ] || dpkg-query -L "$@" 2>/dev/null | sed -n 's,.*/systemd/system/\([^/]*\.\(service\|socket\|timer\)\)$,\1,p'; }

# Nothing is started while packages are put back; what is removed is stopped all the same.
no_starts() {
  if [ -e /usr/sbin/policy-rc.d ] && [ ! -e "$B/policy" ]; then return 0; fi
  # Known as ours before it is there: with no room on the disk it stays empty, and has to go all the same.
  : >"$B/policy" && printf '#!/bin/sh\ncase " $* " in *" stop "*) exit 0 ;; esac\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
}
starts_again() { if [ -e "$B/policy" ]; then rm -f -- /usr/sbin/policy-rc.d "$B/policy"; fi; }
