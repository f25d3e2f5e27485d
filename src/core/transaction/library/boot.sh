# The way back after a reset. While a transaction is open, a unit of systemd ends it at boot, as soon as the file
# systems are there: what starts after it finds the files that it should find. A machine at rest has no such unit.

UNITS=${FC_UNITS-/etc/systemd/system}
guard=fireclay-recover.service wants=$UNITS/sysinit.target.wants

guard_boot() {
  # Also where it cannot be: nothing that boot reads will change then.
  [ -d "$UNITS" ] && [ -w "$UNITS" ] || return 0
  if [ -L "$wants/$guard" ] && grep -qxF "$(guard_start)" "$UNITS/$guard"; then return 0; fi
  keep_times "$UNITS" "$wants"
  { [ -d "$wants" ] || { mkdir -- "$wants" && printf '' >"$T/wants-made"; }; } && guard_unit >"$UNITS/$guard" && ln -sf -- "../$guard" "$wants/$guard" &&
    flush "$UNITS/$guard" "$UNITS" "$wants"
  guarded=$?
  give_times_back
  return "$guarded"
}

unguard_boot() {
  if [ ! -e "$UNITS/$guard" ] && [ ! -L "$wants/$guard" ]; then return 0; fi
  keep_times "$UNITS" "$wants"
  rm -f -- "$wants/$guard" "$UNITS/$guard"
  [ ! -e "$T/wants-made" ] || rmdir -- "$wants" 2>/dev/null
  give_times_back
}

# To the last detail, as if nothing had been there. The time of a directory, for there are two at most.
keep_times() {
  times=$(stat -c %.9Y -- "$@" 2>/dev/null) wants_time=
  units_time=${times%%[!0-9.]*}
  [ "$times" = "$units_time" ] || wants_time=${times##*[!0-9.]}
}
give_times_back() {
  if [ -n "$wants_time" ] && [ -d "$wants" ]; then touch -d "@$wants_time" -- "$wants"; fi
  touch -d "@$units_time" -- "$UNITS"
}

guard_start() { echo "ExecStart=/bin/sh $T/library.sh recover boot"; }

# Before all that reads settings, so that nothing starts with what is about to be undone. It waits for no other unit, and
# boot does not wait for it for ever. Not before systemd-sysusers: in Debian 12 local-fs.target comes after that, by way of
# systemd-tmpfiles-setup-dev, and systemd leaves out one of those that wait for each other.
guard_unit() {
  printf '%s\n' "# Made by Fireclay while it changes this machine, and removed when it has.
[Unit]
Description=Ends a change by Fireclay that a reset cut short
DefaultDependencies=no
RequiresMountsFor=$FC
After=local-fs.target systemd-remount-fs.service
Before=sysinit.target basic.target network-pre.target systemd-sysctl.service systemd-tmpfiles-setup.service

[Service]
Type=oneshot
$(guard_start)
TimeoutStartSec=300"
}
