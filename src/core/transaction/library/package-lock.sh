# The manager's lock, held by someone else.

# Who holds one: a process that has a lock at all and the file open.
lock_holder() {
  [ -r /proc/locks ] || return 1
  for pid in $(sed -n 's/^[0-9]*: [A-Z]* *[A-Z]* *[A-Z]* *\([1-9][0-9]*\) .*/\1/p' /proc/locks | sort -u); do
    for open in "/proc/$pid/fd"/*; do
      file=$(readlink -- "$open") || continue
      case " $("${pm}_locks") " in *" $file "*) printf '%s %s\n' "$pid" "$(cat "/proc/$pid/comm")"; return 0 ;; esac
    done
  done
  return 1
}

# Waits, says for whom, and gives up after SECONDS.
wait_for_manager() {
  until=$(($(date +%s) + $1)) told=
  while holder=$(lock_holder); do
    if [ "$holder" != "$told" ]; then note "waiting $holder"; told=$holder; fi
    if [ "$(date +%s)" -ge "$until" ]; then
      note "busy $holder"
      echo "process ${holder%% *} (${holder#* }) holds the package manager's lock"
      return 1
    fi
    sleep 0.3
  done
}
say_busy() { if holder=$(lock_holder); then note "busy $holder"; fi; }
