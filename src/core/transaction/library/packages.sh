# Packages, by exact set. What is one manager's own is a verb in a file of its own, the same verbs in each (`apt_held`,
# `dnf_held`, `apk_held`):
#
#   ready                whether it knows what its sources offer
#   refresh              asks the sources
#   installed            NAME VERSION of each installed package, sorted
#   held                 names of those that must not change, sorted
#   automatic            names of those that nobody asked for, sorted
#   locks                files whose lock keeps others out
#   state                paths that packages' scripts write to and that nobody else puts back
#   simulate HOW WORDS   HOW: install, remove, clean (with what nothing needs any more). Prints + NAME VERSION,
#                        ~ NAME FROM TO and - NAME FROM; fails and says why where it cannot be done
#   get_ready WORDS      fetches what an installation needs
#   install WORDS        remove NAMES
#   mark_as_before       after an upgrade: those that nobody asked for are so again
#   secure DIRECTORY     of lines NAME VERSION: their files into the directory, so that they can be put back
#   stash DIRECTORY      leaves files that were secured there where a later secure finds them
#   keep, put_back       the exact set, before and again
#   settle               what follows from state that was put back
#   units NAMES          what systemd runs of these packages
#   foresee HOW WORDS    for plans, see foresee.sh

if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then pm=apt
elif command -v dnf >/dev/null && command -v rpm >/dev/null; then pm=dnf
elif command -v apk >/dev/null; then pm=apk
else pm=; fi

packages_wait_seconds=${FC_PACKAGES_WAIT:-120}

prepare_install_packages() {
  keep_packages || return 1
  find_out install "$@" >"$B/changes" || { tail -n 4 "$B/changes"; return 1; }
  refuse_held "$B/changes" && secure_old "$B/changes" && "${pm}_get_ready" "$@"
}
do_install_packages() {
  # In an image that is being made nothing was prepared.
  [ -e "$B/changes" ] || { find_out install "$@" && "${pm}_get_ready" "$@"; } >"$B/changes" || { tail -n 4 "$B/changes"; return 1; }
  "${pm}_install" "$@" || { say_busy; return 1; }
  packages_done
}
undo_install_packages() { restore_packages; }

prepare_remove_packages() {
  split_words "$@"
  # What a package that is removed keeps under its own name goes with it.
  for name in $named $along; do printf '%s\n' "/var/lib/$name" "/var/spool/$name" "/var/log/$name"; done >"$B/own-paths"
  keep_packages || return 1
  # shellcheck disable=SC2086 # names of packages, checked by the controller
  "${pm}_simulate" remove $named >"$B/alone" && "${pm}_simulate" clean $named >"$B/all" || { tail -n 4 "$B/alone"; return 1; }
  for extra in $(removed_in "$B/alone"); do
    case " $named $along " in
      *" $extra "*) ;;
      *) echo "removing $named would also remove $extra, which Fireclay did not install"; return 1 ;;
    esac
  done
  while read -r sign name version; do
    case "$sign $named $along " in "- "*" $name "*) printf '%s %s %s\n' "$sign" "$name" "$version" ;; esac
  done <"$B/all" >"$B/changes"
  removed_in "$B/changes" >"$B/set"
  refuse_held "$B/changes" && secure_old "$B/changes"
}
do_remove_packages() {
  # shellcheck disable=SC2046
  [ ! -s "$B/set" ] || "${pm}_remove" $(cat "$B/set") || { say_busy; return 1; }
  packages_done
}
undo_remove_packages() { restore_packages; }

# Ahead of a transaction, while the machine still serves: what installing, or upgrading what is there, asks the sources
# for. What cannot be had now is asked for again then.
fetch_ahead() {
  how=$1
  shift
  [ -n "$pm" ] && B=$(mktemp -d /var/tmp/fireclay.XXXXXX) && mkdir -- "$B/old" || return 0
  words_there "$@" >"$B/asked"
  # shellcheck disable=SC2046
  if [ "$how" = upgrade ]; then set -- $(cat "$B/asked"); fi
  if [ $# -gt 0 ]; then
    "${pm}_ready" || "${pm}_refresh"
    "${pm}_get_ready" "$@"
  fi
  # Only what replaces something has old files to keep.
  if [ -s "$B/asked" ] && find_out install "$@" >"$B/changes"; then
    changed_in "$B/changes" >"$B/replaced"
    if [ -s "$B/replaced" ]; then "${pm}_secure" "$B/old" <"$B/replaced" && "${pm}_stash" "$B/old"; fi
  fi
  rm -rf -- "$B"
}

split_words() {
  named='' along='' side=named
  for word in "$@"; do
    if [ "$word" = -- ]; then side=along; continue; fi
    if [ "$side" = named ]; then named="$named $word"; else along="$along $word"; fi
  done
}
removed_in() { sed -n 's/^- \([^ ]*\) .*/\1/p' "$1"; }
changed_in() { sed -n 's/^[~-] \([^ ]*\) \([^ ]*\).*/\1 \2/p' "$1"; }

# The lists may be missing or old; new ones are asked for only when the ones at hand do not answer.
find_out() {
  "${pm}_ready" || "${pm}_refresh" >&2
  "${pm}_simulate" "$@" || { "${pm}_refresh" >&2 && "${pm}_simulate" "$@"; }
}

held_in() { changed_in "$1" | cut -d' ' -f1 | sort | comm -12 - "$2"; }
refuse_held() {
  held=$(held_in "$1" "$B/held")
  [ -z "$held" ] || { echo "held, so not to be changed: $(echo $held)"; return 1; }
}

# What is replaced or removed: its file at hand before it goes.
secure_old() {
  mkdir -p -- "$B/old" && changed_in "$1" >"$B/replaced" && : >"$B/lost" || return 1
  [ ! -s "$B/replaced" ] || "${pm}_secure" "$B/old" <"$B/replaced" && return 0
  if [ -e "$T/allow-lost" ]; then secure_most; return; fi
  echo "the old packages cannot be had any more, so this could not be undone: $(tr '\n' ' ' <"$B/replaced")"
  return 1
}
# Somebody was asked, and said that it may be done all the same.
secure_most() {
  while read -r name version; do
    printf '%s %s\n' "$name" "$version" >"$B/one"
    "${pm}_secure" "$B/old" <"$B/one" || cat -- "$B/one" >>"$B/lost"
  done <"$B/replaced"
}

# All that packages' scripts may change, as it is before.
keep_packages() {
  [ -n "$pm" ] || { echo "this machine has none of the package managers that Fireclay knows: apt, dnf, apk"; return 1; }
  wait_for_manager "$packages_wait_seconds" || return 1
  "${pm}_installed" >"$B/packages" && "${pm}_held" >"$B/held" && "${pm}_automatic" >"$B/auto" && "${pm}_keep" || return 1
  list_state >"$B/state" && list_homes >"$B/homes" && active_units >"$B/units" || return 1
  # shellcheck disable=SC2046
  tar $(tar_words) -C / -cpf "$B/state.tar" $(state_paths | sed 's,^/,,') || [ $? -eq 1 ]
}
packages_done() {
  [ -e "$B/packages" ] || return 0
  "${pm}_installed" | cut -d' ' -f1 >"$B/after"
  cut -d' ' -f1 "$B/packages" | comm -13 - "$B/after" >>"$T/packages"
  # Whole or not at all: an undo relies on them.
  list_state >"$B/new" && mv -- "$B/new" "$B/state-after" && list_homes >"$B/new" && mv -- "$B/new" "$B/homes-after"
}

# By exact set: what came goes, what went comes back, and with it what their scripts wrote.
restore_packages() {
  # Someone else's run, or our own that has outlived its script, is let finish.
  wait_for_manager 600 || return 1
  # An undo that is done again began where the first did.
  [ -e "$B/state-undo" ] || { list_state >"$B/new" && mv -- "$B/new" "$B/state-undo"; } || return 1
  "${pm}_put_back"
  give_state_back
  "${pm}_settle"
  owe_units
  "${pm}_installed" >"$B/now" && "${pm}_automatic" >"$B/auto-now"
  if [ -s "$B/lost" ]; then sed 's/^/the package /' "$B/lost" >>"$T/unrestored"; fi
  for set in packages now auto auto-now; do found_in "$B/$set" >"$B/$set.found"; done
  cmp -s "$B/now.found" "$B/packages.found" && cmp -s "$B/auto-now.found" "$B/auto.found" && return 0
  cat -- "$B/packages.found" "$B/now.found" | sort | uniq -u
  return 1
}

found_in() {
  cut -d' ' -f1 "$B/lost" | sort -u >"$B/lost-names"
  while IFS= read -r line; do grep -qxF -- "${line%% *}" "$B/lost-names" || printf '%s\n' "$line"; done <"$1"
}

# What ran before runs again, and as the version that is back; what did not, does not.
active_units() {
  [ -d /run/systemd/system ] || return 0
  systemctl list-units --type=service,socket,timer --state=active --plain --no-legend --no-pager | sed 's/ .*//' | sort
}
# Some parts of a boot start and stop only with what needs them.
takes_orders() { ! systemctl show -p CanStart -p CanStop --value -- "$1" | grep -qx no; }
owe_units() {
  # A boot starts by itself what is to run, and has hardly begun.
  [ -d /run/systemd/system ] && [ -z "$booting" ] || return 0
  active_units >"$B/units-now"
  # shellcheck disable=SC2046
  "${pm}_units" $(cut -d' ' -f1 "$B/replaced") | sort -u >"$B/units-replaced"
  comm -23 "$B/units" "$B/units-now" | while read -r unit; do if takes_orders "$unit"; then owe "restart $unit"; fi; done
  comm -12 "$B/units" "$B/units-replaced" | while read -r unit; do owe "restart $unit"; done
  comm -13 "$B/units" "$B/units-now" | comm -12 - "$B/units-replaced" | while read -r unit; do owe "stop $unit"; done
}
