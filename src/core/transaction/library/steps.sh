# Steps come in groups: `steps` names them as `s NUMBER VERB WORDS...`, and `directories` their directories as
# `d NUMBER PATH`; then `group KIND FIRST LAST UNITS...` works on all of them, reading them as often as it needs.
# What a group displaces is kept and flushed once, its intents are journaled at once, and then it is done.
#
# A kind has three functions: keep_KIND, do_KIND and back_KIND. Steps of one kind in a row make a group, but for
# `single`, for commands and packages, whose intent must not stand before that of the step ahead has been fulfilled.

group() {
  g_kind=$1 g_first=$2 g_last=$3 n=$2 B=$T/before/$2
  shift 3
  if ! make_places || ! printf '' >"$T/output"; then failed; exit 1; fi
  if ! "keep_$g_kind" "$@" >>"$T/output" 2>&1; then failed; exit 1; fi
  if ! flush_kept || ! journal "$(each begin)"; then echo "the journal could not be written" >>"$T/output"; failed; exit 1; fi
  # Descriptor 9 is the lock: what a step leaves running must not hold it.
  if ! "do_$g_kind" "$@" >>"$T/output" 2>&1 9>&-; then failed; exit 1; fi
  n=$g_last
  if ! keep_after; then echo "the journal could not be written" >>"$T/output"; failed; exit 1; fi
  [ ! -s "$T/output" ] || hide <"$T/output" >>"$T/log"
}

# The first may be a link that leads nowhere from here.
flush_kept() {
  set -- "$B"/*
  ! exists "$1" || flush -f "$B"
}

# A batch is of groups that do many steps at once.
make_places() {
  set -- "$B"
  [ "$g_kind" = single ] || set -- "$B" "$T/batch"
  for place in "$@"; do [ ! -e "$place" ] || rm -rf -- "$place" || return 1; done
  mkdir -- "$@"
}

# What the group made of things that others change too: known, and on disk, before the group is done. That another one
# is done may reach the disk with what follows: after a reset it then counts as begun, which is taken back as well.
keep_after() {
  if [ -d "$B/accounts" ]; then copy_accounts accounts-after || return 1; fi
  if [ "$g_kind" = units ]; then list_links >"$B/links-after" || return 1; fi
  if [ "$g_kind" = units ] || [ -d "$B/accounts" ]; then flush -f "$B" && journal "$(each 'done')"; else write_down "$(each 'done')"; fi
}
is_done() { grep -qx "done $g_first" "$T/journal"; }

# A word with the number of each step of the group, in lines.
each() {
  i=$g_first lines=
  while [ "$i" -le "$g_last" ]; do lines="$lines${lines:+
}$1 $i" i=$((i + 1)); done
  printf '%s' "$lines"
}

# PREFIX_VERB for each step, up to the first that fails; `n` is its number.
each_step() {
  prefix=$1 bad=
  s() {
    [ -z "$bad" ] || return 0
    n=$1 call=${prefix}_$2
    shift 2
    "$call" "$@" || bad=$n
  }
  steps
  n=${bad:-$n}
  [ -z "$bad" ]
}

keep_single() { each_step prepare; }
do_single() { each_step do; }
back_single() { back_each; }
# Each on its own: one that cannot be taken back does not keep the others from it.
back_each() {
  s() { undo_step "$@"; }
  steps
}

has_room() {
  head -c 65536 /dev/zero 2>/dev/null >"$T/probe"
  roomy=$?
  rm -f -- "$T/probe"
  return "$roomy"
}

failed() {
  full=
  # On a full disk the step could not even say so.
  has_room || full="no room is left on the disk that holds $FC"
  rm -f -- "$T/ballast"
  { hide <"$T/output"; [ -z "$full" ] || echo "$full"; } >"$T/failure"
  cat -- "$T/failure" >>"$T/log"
  rm -f -- "$T/output"
  note "fail $n"
}

# The same work, of which nothing is kept but what the step itself needs to be exact.
bake_group() {
  g_kind=$1 g_first=$2 g_last=$3 n=$2 B=$T/before/$2
  shift 3
  if ! { [ -d "$T/before" ] || mkdir -- "$T/before"; } || ! make_places || ! printf '' >"$T/output"; then failed; return 1; fi
  s() { if [ "$2" = set_ownership ]; then n=$1 && prepare_set_ownership "$3"; fi; }
  steps
  n=$g_first
  if ! "do_$g_kind" "$@" >"$T/output" 2>&1; then failed; return 1; fi
  note "done $g_last"
}

undo_group() {
  case $begun in *" $2 "*) ;; *) return 0 ;; esac
  g_kind=$1 g_first=$2 g_last=$3 n=$2 B=$T/before/$2
  shift 3
  "back_$g_kind" "$@"
  journal "$(each undone)"
}

undo_step() {
  n=$1 verb=$2 g_said=$T/output
  shift 2
  # What it says is not worth its failing.
  printf '' 2>/dev/null >"$g_said" || g_said=/dev/null
  "undo_$verb" "$@" >"$g_said" 2>&1 9>&-
  undone=$?
  [ ! -s "$g_said" ] || hide <"$g_said" >>"$T/log"
  [ "$undone" -eq 0 ] || stuck "$n $verb $*"
}

# An undo that failed: loud, and in the way of all that would follow.
stuck() {
  is_stuck=yes
  say "$T/broken" "$1"
  case $1 in [0-9]*) note "stuck ${1%% *}" ;; *) note "stuck $1" ;; esac
}

journal() { printf '%s\n' "$1" >>"$T/journal" && flush "$T/journal" && note "$1"; }
write_down() { printf '%s\n' "$1" >>"$T/journal" && note "$1"; }
note() { printf '%s\n' "$1" >>"$T/events"; }
# Flushed, and so that nobody reads half of it; `put` is without the first.
say() { printf '%s\n' "$2" >"$1.new" && flush "$1.new" && mv -f -- "$1.new" "$1"; }
put() { printf '%s\n' "$2" >"$1.new" && mv -f -- "$1.new" "$1"; }

# Without words everything, where `sync` knows no files. `-f`: all of the file system, at once; many files take longer.
flush() { sync "$@" 2>/dev/null || sync; }
# All that the steps may have changed, wherever it is. Not simply everything: a share that is gone would never answer.
flush_system() {
  set --
  for place in / /boot /etc /usr /var /home /root /srv /opt "$FC"; do if [ -d "$place" ]; then set -- "$@" "$place"; fi; done
  flush -f "$@"
}
