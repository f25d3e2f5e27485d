# Fireclay's transaction on a machine: POSIX shell and coreutils. Sent with every transaction, so that the machine
# can finish or undo without its controller.
#
#   sh library.sh apply ID CONFIRM_SECONDS   do the steps, wait for the controller's word, commit or undo
#   sh library.sh undo ID [KEY TOKEN]        undo a transaction, finished or not
#   sh library.sh recover [boot]             at every contact and at boot: end what was left open
#   sh library.sh bake ID                    do the steps on an image that is being made: nothing to undo
#
# A transaction is a directory:
#   steps, undo     the calls below, in order and in reverse, by groups; see steps.sh
#   blobs/          new content: by directory and name, or by sha256
#   before/N/       what the group that begins with step N displaces, complete before its intent is journaled
#   journal         begin N, undone N, commit: each flushed before what follows; done N: see steps.sh
#   status          running, applied, committed, undoing, undone, broken
#   events          the journal's words, for the controller to follow
#   log, failure    what the steps printed, and what the one that failed did, without secrets
#   ballast         room for the way back, should the disk be full by then
#   packages        names of the packages that came
#   kept            what others had put where undoing removed a directory, and where it is now
#   unrestored      what could not be taken back
#   confirm, abort  the controller's word
#   epoch           KEY TOKEN of the controller's lease: see fence.sh
#   turn            the transactions that there were when the steps were planned
#   next.json       becomes current.json when confirmed

umask 022
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 SYSTEMD_PAGER=
FC=${FC:-/var/lib/fireclay}

main() {
  verb=$1 booting=
  if [ "$verb" = recover ]; then booting=$2; recover; exit; fi
  id=$2 T=$FC/txn/$2
  case $verb in
    apply) lock && may_begin && apply "$3" ;;
    undo) lock && may_undo "${3-}" "${4-}" && undo ;;
    bake) bake ;;
  esac
}

# One writer. The lock is the kernel's, so it ends with its holder; who holds it stands beside it. One that only looks
# holds it for a moment, if it finds something to end.
lock() {
  exec 9>>"$FC/lock"
  tries=0
  until flock -n 9; do
    if [ "$tries" -ge 10 ]; then read_line "$FC/holder"; refused locked "$line"; return 1; fi
    tries=$((tries + 1))
    sleep 0.1
  done
  read_line "$FC/holder"
  last=$line
  return 0
}

# Of this machine and moment: nobody took over from the controller, and nobody changed what it had planned for.
may_begin() {
  key='' token=0
  [ ! -e "$T/epoch" ] || read -r key token <"$T/epoch"
  may_go_on "$key" "$token" || return 1
  if ! all_rest; then refused locked "an undo that has not come to its end; see $FC/txn"; return 1; fi
  read_line "$T/turn"
  if [ -e "$T/turn" ] && [ "$(turn)" != "$line" ]; then refused stale "$last"; return 1; fi
  now_held
}

# What another left open is ended by a contact before this; it may have had no room for that.
all_rest() {
  for other in "$FC"/txn/*; do
    status=
    [ "$other" = "$T" ] || { read -r status <"$other/status"; } 2>/dev/null
    case $status in running | applied | undoing) return 1 ;; esac
  done
}

may_undo() {
  may_go_on "$1" "${2:-0}" || return 1
  now_held
}
now_held() { read_line "$T/holder"; { printf '%s\n' "$line" >"$FC/holder"; } 2>/dev/null || :; }

may_go_on() {
  read_line "$T/holder"
  who=$(fence "$1" "$2" "$line")
  case $? in
    0) ;;
    1) refused fenced "$who"; return 1 ;;
    *) refused unkept "the token of this run could not be kept under $FC/fence"; return 1 ;;
  esac
}

# Who reads on stops at the status, so that comes last. What was begun before keeps its own.
refused() {
  note "$1 $2"
  [ -e "$T/status" ] || say "$T/status" "$1"
}

# Into `line`, without a process.
read_line() { line=; { IFS= read -r line; } 2>/dev/null <"$1" || :; }

# Each transaction and how it ended. The same words as where the machine is looked at.
turn() (
  LC_ALL=C
  for t in "$FC"/txn/*; do
    s=
    { read -r s; } 2>/dev/null <"$t/status"
    case $s in running | applied | committed | undoing | undone | broken) printf '%s=%s ' "${t##*/}" "$s" ;; esac
  done
)

apply() {
  if ! make_ready 2>"$T/failure"; then
    rm -f -- "$T/ballast"
    forget_secrets
    unguard_boot
    note unready
    say "$T/status" undone
    return
  fi
  note running
  remark began
  # No need to flush that: as far as a reset goes it is the same as running.
  if ( . "$T/steps" ) && flush_system && put "$T/status" applied; then
    note applied
    await_word "$1"
  else
    undo
  fi
}

# What the way back takes is there, and on disk, before the first step. The status comes before the unit, so that no end
# leaves one of which no transaction knows.
make_ready() {
  [ -d "$T/before" ] || mkdir -- "$T/before" || return 1
  make_ballast || return 1
  if [ -e "$FC/current.json" ]; then cp -- "$FC/current.json" "$T/before/current.json" || return 1; fi
  printf '' >>"$T/journal" && put "$T/status" running && flush -f "$T" && guard_boot
}

# A package manager writes its whole database anew. Set aside where the file system can do that; else written, and
# random, because some store nothing for zeros.
make_ballast() {
  room=1048576
  if command -v keep_packages >/dev/null; then room=16777216; fi
  fallocate -l "$room" -- "$T/ballast" 2>/dev/null || head -c "$room" /dev/urandom >"$T/ballast"
}

bake() {
  export SYSTEMD_OFFLINE=1
  group() { bake_group "$@" || exit 1; }
  ( . "$T/steps" )
}

# No word before the deadline: the controller is dead, or the change has cut it off. Then the change was wrong. By the
# time since boot: a step, or the network, may set the clock.
await_word() {
  deadline=$(($(uptime_seconds) + $1))
  while [ ! -e "$T/confirm" ] && [ ! -e "$T/abort" ]; do
    if [ "$(uptime_seconds)" -ge "$deadline" ]; then note "unconfirmed $1"; break; fi
    sleep 0.03
  done
  if [ -e "$T/confirm" ] && [ ! -e "$T/abort" ]; then commit; else overtaken || :; undo; fi
}
uptime_seconds() { read -r up _ </proc/uptime; echo "${up%.*}"; }

# Under the fence's lock: nobody takes over between the question and the answer.
commit() {
  if [ -n "$key" ]; then exec 8>>"$FC/fence.lock"; flock 8; fi
  if overtaken; then exec 8>&-; undo; return; fi
  # What it is committed to is on disk under its name before it is committed.
  flush "$T/next.json" "$T" && journal commit
  journaled=$?
  exec 8>&-
  if [ "$journaled" -eq 0 ]; then finish_commit; else undo; fi
}

# Another controller took over since this was begun.
overtaken() {
  [ -n "$key" ] && read_fence "$key" && [ "$token" -lt "$seen" ] && note "overtaken $since"
}

# By renaming: it takes no room, and done twice it is done once.
finish_commit() {
  if [ -e "$T/next.json" ]; then mv -f -- "$T/next.json" "$FC/current.json"; fi
  flush "$FC"
  if command -v keep_replaced >/dev/null; then keep_replaced; fi
  # What was sent and not begun is another controller's. It will be told.
  for old in "$FC"/txn/*; do if [ "$old" != "$T" ] && [ -e "$old/status" ]; then rm -rf -- "$old"; fi; done
  # The journal says so already.
  came_to_rest put committed
}

# From the journal alone, and as often as it takes: what was begun is put back, whether or not it had been done.
undo() {
  rm -f -- "$T/ballast" "$T/owed" "$T/unrestored" "$T/later" "$T/broken"
  is_stuck=
  # Ends what a full disk may have cut short.
  printf '\n' >>"$T/journal"
  was_committed=$(grep -x commit "$T/journal")
  begun=" $(sed -n 's/^begin //p' "$T/journal" | tr '\n' ' ')"
  say "$T/status" undoing
  note undoing
  guard_boot
  group() { undo_group "$@"; }
  . "$T/undo"
  if [ -e "$T/before/current.json" ]; then
    restore_state || stuck current.json
  else
    rm -f -- "$FC/current.json"
  fi
  settle_owed
  flush_system
  # What only a running machine can take back is left to the next contact; so is what there was no room for.
  if [ -e "$T/later" ] || { [ -n "$is_stuck" ] && ! has_room; }; then return; fi
  if [ -n "$is_stuck" ]; then came_to_rest say broken; else forget_undo; came_to_rest say undone; fi
}

# As a further name of the same file, which takes no room. Done before, both names are one file already.
restore_state() {
  [ "$(inode "$T/before/current.json")" != "$(inode "$FC/current.json" 2>/dev/null)" ] || return 0
  rm -f -- "$FC/current.json.new"
  ln -- "$T/before/current.json" "$FC/current.json.new" && mv -f -- "$FC/current.json.new" "$FC/current.json"
}

# Nothing is left to be done at boot.
came_to_rest() {
  forget_secrets
  unguard_boot
  "$1" "$T/status" "$2"
  note "$2"
  remark "$2"
}

# For people, in the machine's own journal: what was done here, by whom, from where. Nothing waits for it or needs it.
remark() {
  read_line "$T/holder"
  { logger -t fireclay -- "$1: $id, by ${line:-nobody}${SSH_CONNECTION:+, from ${SSH_CONNECTION%% *}}"; } 2>/dev/null || :
}

recover() {
  [ -d "$FC/txn" ] || return 0
  exec 9>>"$FC/lock"
  # What a reset killed may take a moment to be gone, where the kernel stayed: a container, say.
  if [ -n "$booting" ]; then flock -w 200 9 || return 0; else flock -n 9 || return 0; fi
  for T in "$FC"/txn/*; do
    id=${T##*/}
    case $(cat "$T/status" 2>/dev/null) in
      running | applied) if grep -qx commit "$T/journal" 2>/dev/null; then finish_commit; else undo; fi ;;
      # Of one that was committed before, too: it goes the way that it had begun.
      undoing) undo ;;
      # Not begun. It may be on its way here just now; what nobody began in ten minutes nobody will.
      '') if [ $(($(date +%s) - $(stat -c %Y -- "$T"))) -gt 600 ]; then rm -rf -- "$T"; fi ;;
    esac
  done
  [ -z "$booting" ] || unguard_boot
}
