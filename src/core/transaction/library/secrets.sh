# Secrets: in files that only root can read, never in a word of a command, and gone as soon as nothing needs them.

# A command whose environment holds secrets finds the lines that export them in FC_SECRETS. They are kept for the undo,
# which may come when the new content is gone; without an undo they go with the command.
prepare_run_secretly() {
  cp -- "$T/blobs/$1" "$B/environment" || return 1
  shift
  secretly prepare "$@"
}
do_run_secretly() {
  shift
  secretly do "$@"
  ended=$?
  [ "$2" != 0 ] || rm -f -- "$B/environment"
  return "$ended"
}
undo_run_secretly() {
  shift
  secretly undo "$@"
}
secretly() {
  call=$1_$2
  shift 2
  export FC_SECRETS="$B/environment"
  "$call" "$@"
  ended=$?
  unset FC_SECRETS
  return "$ended"
}

# What a step says, as it may be kept: `hide` is a script of sed's that takes out every secret this transaction knows.
hide() { if [ -e "$T/before/hide" ]; then LC_ALL=C sed -f "$T/before/hide"; else cat; fi; }

# Nothing new will be written. From here on `hide` knows no secret any more, and so lets nothing through.
forget_secrets() {
  rm -rf -- "$T/blobs" "$T/batch" "$T/output" "$T/ballast"
  if [ -e "$T/before/hide" ]; then printf 's/.*/withheld: it may hold a secret/\n' >"$T/before/hide"; fi
}
# Everything is back: the undo of no command will be asked for.
forget_undo() { rm -f -- "$T"/before/*/environment; }
