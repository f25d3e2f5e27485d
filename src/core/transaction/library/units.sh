# systemd units.
#
#   states           what each unit of the group was doing, a line a step
#   links            what was enabled, masked or linked, as it stands on disk, and with its times
#   links-after      the same when the group was done

keep_units() { list_links >"$B/links" && unit_states "$@" >"$B/states"; }
unit_states() { systemctl show -p ActiveState --value -- "$@" 2>/dev/null | sed '/^$/d'; }

# What `systemctl enable` and its like change, System V's scripts included: links, and directories for them.
list_links() {
  set -- "$UNITS" /etc/rc?.d /run/systemd/system
  for place in "$@"; do
    shift
    if [ -d "$place" ]; then set -- "$@" "$place"; fi
  done
  [ $# -eq 0 ] || find "$@" \( -type l -printf 'l\t%p\t%T@\t%l\n' \) -o \( -type d -printf 'd\t%p\t%T@\n' \) 2>/dev/null | sort
}

# What is enabled only matters at the next boot, so it is done at once; what runs changes in the order of the steps.
do_units() {
  L=$T/batch
  s() { case $3 in enable | disable) printf '%s\0' "$4" >>"$L/$3" ;; esac; }
  steps
  quick=yes
  for_all disable systemctl -q disable -- && for_all enable systemctl -q enable -- || quick=
  each_step do
}

do_unit() {
  case $1 in
    enable | disable) [ -n "$quick" ] || systemctl -q "$1" -- "$2" ;;
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
stays_down() { case $(systemctl show -p ActiveState --value -- "$1") in inactive | failed) ;; *) return 1 ;; esac; }
is_gone() { [ "$(systemctl show -p LoadState --value -- "$1")" = not-found ] && stays_down "$1"; }

back_units() {
  back_each
  links_back >>"$T/log" 2>&1 || stuck "$g_first what is enabled"
}
undo_unit() {
  was=$(sed -n "$((n - g_first + 1))p" "$B/states")
  case $1,$was in
    enable,* | disable,*) owe daemon-reload ;;
    reload,active) owe "reload-or-restart $2" ;;
    *,active | *,reloading | *,activating) owe "restart $2" ;;
    *)
      # Of one that is not there nothing runs, and systemctl calls that a failure.
      systemctl ${booting:+--no-block} stop -- "$2" || stays_down "$2" || return 1
      if [ "$was" = failed ]; then printf '%s had failed before; it is stopped now\n' "$2" >>"$T/unrestored"; fi
      ;;
  esac
}

# Only what this group did, so that what others enabled since stays. Directories last, for their times.
links_back() {
  after=$B/links-after tab=$(printf '\t')
  is_done || { after=$B/links-now && list_links >"$after"; }
  comm -13 -- "$B/links" "$after" | sort -r | while IFS=$tab read -r kind path time target; do
    case $kind in
      l) [ "$(readlink -- "$path")" != "$target" ] || rm -f -- "$path" ;;
      d) grep -qF "d$tab$path$tab" "$B/links" || rmdir -- "$path" ;;
    esac
  done
  comm -23 -- "$B/links" "$after" | while IFS=$tab read -r kind path time target; do
    [ "$kind" = l ] && ! exists "$path" || continue
    mkdir -p -- "${path%/*}" && ln -s -- "$target" "$path" && touch -h -d "@$time" -- "$path"
  done
  comm -23 -- "$B/links" "$after" | while IFS=$tab read -r kind path time; do
    [ "$kind" = d ] && mkdir -p -- "$path" && touch -d "@$time" -- "$path"
  done
  return 0
}

prepare_reload_units() { :; }
do_reload_units() { systemctl daemon-reload; }
undo_reload_units() { owe daemon-reload; }

# What can only be done once every file is back. At boot nothing waits for what waits for us.
owe() { grep -qxF -- "$1" "$T/owed" 2>/dev/null || printf '%s\n' "$1" >>"$T/owed"; }
settle_owed() {
  [ -d /run/systemd/system ] || return 0
  systemctl daemon-reload >>"$T/log" 2>&1 9>&-
  if [ -e "$T/owed" ]; then
    while read -r verb unit; do
      [ "$verb" != daemon-reload ] || continue
      if systemctl -q ${booting:+--no-block} "$verb" -- "$unit" >>"$T/log" 2>&1 9>&-; then continue; fi
      # It came with a package of this transaction, and went with it.
      if is_gone "$unit"; then continue; fi
      # Some units take no orders. What is enabled a boot starts all the same.
      if [ -n "$booting" ]; then printf '%s %s\n' "$verb" "$unit" >>"$T/unrestored"; else stuck "$verb $unit"; fi
    done <"$T/owed"
  fi
  # What was enabled when this boot was planned is not what is enabled now.
  [ -z "$booting" ] || systemctl -q --no-block start default.target >>"$T/log" 2>&1
}
