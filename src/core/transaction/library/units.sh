# systemd units.

prepare_unit() {
  systemctl is-enabled -- "$2" >"$B/enabled" 2>/dev/null
  systemctl is-active -- "$2" >"$B/active" 2>/dev/null
  return 0
}
do_unit() {
  case $1 in
    enable | disable) systemctl -q "$1" -- "$2" ;;
    stop) systemctl stop -- "$2" ;;
    *)
      if systemctl "$1" -- "$2" && stays_up "$2"; then return 0; fi
      journalctl -q -o cat -n 12 -u "$2"
      return 1
      ;;
  esac
}
# A unit whose program ends at once did not start, whatever systemctl said.
stays_up() { case $(systemctl show -p ActiveState --value -- "$1") in active | reloading) ;; *) return 1 ;; esac; }

undo_unit() {
  was_active=$(cat "$B/active")
  case $1 in
    enable) case $(cat "$B/enabled") in enabled*) ;; *) systemctl -q disable -- "$2" ;; esac ;;
    disable) case $(cat "$B/enabled") in enabled*) owe "enable $2" ;; esac ;;
    *) if [ "$was_active" = active ]; then owe "restart $2"; else systemctl stop -- "$2"; fi ;;
  esac
}

prepare_reload_units() { :; }
do_reload_units() { systemctl daemon-reload; }
undo_reload_units() { owe reload; }

# What can only be done once every file is back.
owe() { grep -qxF -- "$1" "$T/owed" 2>/dev/null || printf '%s\n' "$1" >>"$T/owed"; }
settle_owed() {
  [ -d /run/systemd/system ] || return 0
  systemctl daemon-reload >>"$T/log" 2>&1 9>&-
  [ -e "$T/owed" ] || return 0
  while read -r verb unit; do
    [ "$verb" != reload ] || continue
    systemctl -q "$verb" -- "$unit" >>"$T/log" 2>&1 9>&- || { say "$T/broken" "$verb $unit"; note "stuck $verb $unit"; }
  done <"$T/owed"
}
