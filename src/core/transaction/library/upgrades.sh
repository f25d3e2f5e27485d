# Patches: what is there comes to just these versions, and what runs runs on them.
#
#   asked        the words that are about something that is there
#   patched      marks a group whose old files are kept for a rollback
#   restarted    units that were started again

prepare_upgrade_packages() {
  keep_packages || return 1
  list_leftovers >"$B/leftovers"
  mkdir -p -- "$B/old" && : >"$B/replaced" && : >"$B/lost" && words_there "$@" >"$B/asked" || return 1
  # shellcheck disable=SC2046
  set -- $(cat "$B/asked")
  [ $# -gt 0 ] || { : >"$B/changes"; return 0; }
  find_out install "$@" >"$B/changes" || { tail -n 4 "$B/changes"; return 1; }
  refuse_held "$B/changes" && secure_old "$B/changes" && "${pm}_get_ready" "$@"
}
do_upgrade_packages() {
  # In an image that is being made nothing was prepared.
  [ -e "$B/asked" ] || { words_there "$@" >"$B/asked" && "${pm}_automatic" >"$B/auto"; } || return 1
  # shellcheck disable=SC2046
  set -- $(cat "$B/asked")
  [ $# -gt 0 ] || return 0
  if [ ! -e "$B/packages" ]; then { find_out install "$@" && "${pm}_get_ready" "$@"; } >"$B/changes" || { tail -n 4 "$B/changes"; return 1; }; fi
  "${pm}_install" "$@" || { say_busy; return 1; }
  "${pm}_mark_as_before"
  packages_done
  [ -e "$B/packages" ] || return 0
  : >"$B/patched"
  tell_changes
  restart_stale
}
# What was started again on what goes, is so again on what comes back.
undo_upgrade_packages() {
  restore_packages
  restored=$?
  if [ -e "$B/restarted" ] && [ -z "$booting" ]; then while read -r unit; do owe "restart $unit"; done <"$B/restarted"; fi
  return "$restored"
}

# Of words NAME=VERSION.
words_there() {
  "${pm}_installed" | cut -d' ' -f1 >"$B/here"
  for word in "$@"; do if grep -qxF -- "${word%%=*}" "$B/here"; then printf '%s\n' "$word"; fi; done
}

# What a package manager leaves beside a file that it did not dare to replace.
list_leftovers() {
  find /etc -xdev \( -name '*.dpkg-dist' -o -name '*.dpkg-new' -o -name '*.ucf-dist' -o -name '*.rpmnew' \) -printf '%p %T@ %s\n' 2>/dev/null | sort
}

tell_changes() {
  "${pm}_installed" | LC_ALL=C sort -k 1b,1 >"$B/now"
  LC_ALL=C sort -k 1b,1 "$B/packages" | LC_ALL=C join -e - -o 0,1.2,2.2 -a 1 -a 2 - "$B/now" |
    while read -r name from to; do if [ "$from" != "$to" ]; then note "moved $name $from $to"; fi; done
  list_leftovers | comm -13 "$B/leftovers" - | while read -r path _; do note "left ${path%.*}"; done
}

# What runs programs or libraries that are deleted runs what was there before.
restart_stale() {
  [ -d /run/systemd/system ] || return 0
  ours=" $(own_line) "
  systemctl daemon-reload
  stale_processes | while IFS=$(printf '\t') read -r _ pid command group _; do
    case $ours in *" $pid "*) ;; *) stale_unit "$pid" "$command" "$group" ;; esac
  done | sort -u >"$B/stale"
  : >"$B/restarted"
  while read -r kind what; do
    case $kind in
      unit)
        printf '%s\n' "$what" >>"$B/restarted"
        if systemctl restart -- "$what" && stays_up "$what"; then note "restarted $what"; continue; fi
        journalctl -q -o cat -n 12 -u "$what"
        echo "$what did not come up again on what was patched"
        return 1
        ;;
      *) note "stale $what" ;;
    esac
  done <"$B/stale"
}

# Whoever asked for this, and what they began: it ends by itself.
own_line() {
  pid=$$
  while [ "$pid" -gt 1 ] 2>/dev/null; do
    printf '%s ' "$pid"
    pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null)
  done
}

# `unit NAME`, or `other WHAT` for what has to be started again by hand, or with the machine.
stale_unit() {
  [ "$1" != 1 ] || { echo "other init"; return 0; }
  unit=$(printf '%s\n' "$3" | sed -n -E 's#.*/system\.slice/(.*/)?([^/]*\.service)(/.*)?$#\2#p')
  case $unit in
    '') echo "other $2" ;;
    # To start these again takes down what hangs on them, or those who are logged in.
    dbus.service | dbus-broker.service | systemd-logind.service | *getty@* | console-getty.service | user@* | \
      networking.service | ifup@* | NetworkManager.service | wpa_supplicant* | dhcpcd* | docker.service | containerd.service | \
      display-manager.service | gdm*.service | sddm.service | lightdm.service) echo "other $unit" ;;
    *) if takes_orders "$unit"; then echo "unit $unit"; else echo "other $unit"; fi ;;
  esac
}

# Files of what was replaced stay at hand when this transaction makes way for the next: of each package the last.
keep_replaced() {
  for mark in "$T"/before/*/patched; do
    [ -e "$mark" ] || continue
    for file in "${mark%/*}"/old/*.deb; do
      [ -e "$file" ] || continue
      mkdir -p -- "$FC/packages" && rm -f -- "$FC/packages/$(basename "$file" | sed 's/_.*//')"_* && ln -- "$file" "$FC/packages/${file##*/}"
    done
  done
} 2>/dev/null
