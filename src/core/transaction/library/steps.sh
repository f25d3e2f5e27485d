# One step: keep what it displaces, journal the intent, do it; or take it back.

do_step() {
  n=$1 verb=$2 B=$T/before/$1
  shift 2
  rm -rf -- "$B"
  mkdir -p -- "$B" || return 1
  : >"$T/output"
  if ! "prepare_$verb" "$@" >>"$T/output" 2>&1; then failed; return 1; fi
  flush_all "$B"
  journal "begin $n"
  # Descriptor 9 is the lock: what a step leaves running must not hold it.
  if ! "do_$verb" "$@" >>"$T/output" 2>&1 9>&-; then failed; return 1; fi
  hide <"$T/output" >>"$T/log"
  journal "done $n"
}

failed() {
  hide <"$T/output" >"$T/failure"
  cat -- "$T/failure" >>"$T/log"
  rm -f -- "$T/output"
  note "fail $n"
}

bake_step() {
  n=$1 verb=$2 B=$T/before/$1
  shift 2
  mkdir -p -- "$B" && note "begin $n"
  if ! "do_$verb" "$@" >"$T/output" 2>&1; then failed; return 1; fi
  note "done $n"
}

undo_step() {
  n=$1 verb=$2 B=$T/before/$1
  shift 2
  grep -qx "begin $n" "$T/journal" 2>/dev/null || return 0
  "undo_$verb" "$@" >"$T/output" 2>&1 9>&-
  undone=$?
  hide <"$T/output" >>"$T/log"
  if [ "$undone" -ne 0 ]; then
    say "$T/broken" "$n $verb $*"
    note "stuck $n"
  fi
  journal "undone $n"
}

journal() {
  printf '%s\n' "$1" >>"$T/journal"
  flush "$T/journal"
  note "$1"
}

note() { printf '%s\n' "$1" >>"$T/events"; }
say() { printf '%s\n' "$2" >"$1.new" && flush "$1.new" && mv -f -- "$1.new" "$1"; }
flush() { sync -- "$@" 2>/dev/null || sync; }
# A directory and what lies in it, two levels down: flushing a directory flushes only its names.
flush_all() {
  set -- "$1" "$1"/* "$1"/*/*
  for kept in "$@"; do
    shift
    if [ -f "$kept" ] || [ -d "$kept" ]; then set -- "$@" "$kept"; fi
  done
  flush "$@"
}
