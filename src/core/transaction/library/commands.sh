# Commands of the user.

prepare_run_command() { :; }
do_run_command() {
  shift_undo "$@"
  shift "$skip"
  "$@" </dev/null
  ended=$?
  # 125 to 127: env, runuser or the shell could not even start it, so there is nothing to take back.
  case $ended in 12[567]) printf '' >"$B/never" ;; esac
  return "$ended"
}
undo_run_command() {
  if [ -e "$B/never" ]; then return 0; fi
  count=$1
  shift
  if [ "$count" -eq 0 ]; then printf '%s\n' "$*" | tee -a "$T/unrestored"; return 0; fi
  i=0 total=$#
  # Keep the first COUNT words: rotate them to the end and drop the rest.
  while [ "$i" -lt "$count" ]; do set -- "$@" "$1"; shift; i=$((i + 1)); done
  shift $((total - count))
  if [ -z "$booting" ]; then "$@" </dev/null; return; fi
  # It may need what is not up yet: then the next contact does it.
  timeout 60 "$@" </dev/null || printf '%s\n' "$n" >>"$T/later"
}
shift_undo() { skip=$(($1 + 1)); }
