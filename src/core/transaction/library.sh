# Fireclay's transaction on a machine: POSIX shell and coreutils. Sent with every transaction, so that the machine
# can finish or undo without its controller.
#
#   sh library.sh apply ID CONFIRM_SECONDS   do the steps, wait for the controller's word, commit or undo
#   sh library.sh undo ID                    undo a transaction, finished or not
#   sh library.sh recover                    at boot and at every contact: end what was left open
#   sh library.sh bake ID                    do the steps on an image that is being made: nothing to undo
#
# A transaction is a directory:
#   steps, undo     the calls below, in order and in reverse: s NUMBER VERB WORDS...
#   blobs/          new content by sha256
#   before/N/       what step N displaces, complete before its intent is journaled
#   journal         begin N, done N, undone N, commit: each flushed before what follows
#   status          running, applied, committed, undoing, undone, broken
#   events          the journal's words, for the controller to follow
#   log, failure    what the steps printed, and what the one that failed did
#   packages        names of the packages that came
#   confirm, abort  the controller's word
#   next.json       becomes current.json when confirmed

umask 022
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 SYSTEMD_PAGER=
FC=${FC:-/var/lib/fireclay}

# --- the verbs of the controller -----------------------------------------------------------------------------------

main() {
  verb=$1
  if [ "$verb" = recover ]; then recover; exit; fi
  id=$2 T=$FC/txn/$2
  case $verb in
    apply) lock && apply "$3" ;;
    undo) lock && undo ;;
    bake) bake ;;
  esac
}

# One writer. The lock is the kernel's, so it ends with its holder; who holds it stands beside it.
lock() {
  exec 9>>"$FC/lock"
  if ! flock -n 9; then
    [ -e "$T/status" ] || say "$T/status" locked
    note "locked $(cat "$FC/holder" 2>/dev/null)"
    return 1
  fi
  cp -- "$T/holder" "$FC/holder" 2>/dev/null
  return 0
}

apply() {
  say "$T/status" running
  mkdir -p -- "$T/before"
  [ ! -e "$FC/current.json" ] || cp -- "$FC/current.json" "$T/before/current.json"
  flush "$T/before"
  s() { do_step "$@" || exit 1; }
  if ( . "$T/steps" ); then
    say "$T/status" applied
    note applied
    await_word "$1"
  else
    undo
  fi
}

bake() {
  export SYSTEMD_OFFLINE=1
  s() { bake_step "$@" || exit 1; }
  ( . "$T/steps" )
}

# No word before the deadline: the controller is dead, or the change has cut it off. Then the change was wrong.
await_word() {
  deadline=$(($(date +%s) + $1))
  while [ ! -e "$T/confirm" ] && [ ! -e "$T/abort" ]; do
    if [ "$(date +%s)" -ge "$deadline" ]; then note "unconfirmed $1"; break; fi
    sleep 0.05
  done
  if [ -e "$T/confirm" ] && [ ! -e "$T/abort" ]; then commit; else undo; fi
}

commit() {
  journal commit
  finish_commit
}

finish_commit() {
  if [ -e "$T/next.json" ]; then cp -- "$T/next.json" "$FC/current.json.new" && flush "$FC/current.json.new" && mv -f -- "$FC/current.json.new" "$FC/current.json"; fi
  flush "$FC"
  for old in "$FC"/txn/*; do [ "$old" = "$T" ] || rm -rf -- "$old"; done
  rm -rf -- "$T/blobs"
  say "$T/status" committed
  note committed
}

undo() {
  say "$T/status" undoing
  note undoing
  rm -f -- "$T/owed" "$T/unrestored"
  s() { undo_step "$@"; }
  . "$T/undo"
  if [ -e "$T/before/current.json" ]; then cp -- "$T/before/current.json" "$FC/current.json"; else rm -f -- "$FC/current.json"; fi
  settle_owed
  flush "$FC"
  if [ -e "$T/broken" ]; then say "$T/status" broken; note broken; else say "$T/status" undone; note undone; fi
}

recover() {
  [ -d "$FC/txn" ] || return 0
  exec 9>>"$FC/lock"
  flock -n 9 || return 0
  for T in "$FC"/txn/*; do
    id=${T##*/}
    case $(cat "$T/status" 2>/dev/null) in
      running | applied | undoing) if grep -qx commit "$T/journal" 2>/dev/null; then finish_commit; else undo; fi ;;
      '') rm -rf -- "$T" ;;
    esac
  done
}

# --- one step ------------------------------------------------------------------------------------------------------

do_step() {
  n=$1 verb=$2 B=$T/before/$1
  shift 2
  rm -rf -- "$B"
  mkdir -p -- "$B" || return 1
  : >"$T/output"
  if ! "prepare_$verb" "$@" >>"$T/output" 2>&1; then failed; return 1; fi
  flush "$B"
  journal "begin $n"
  # Descriptor 9 is the lock: what a step leaves running must not hold it.
  if ! "do_$verb" "$@" >>"$T/output" 2>&1 9>&-; then failed; return 1; fi
  cat -- "$T/output" >>"$T/log"
  journal "done $n"
}

failed() {
  cat -- "$T/output" >>"$T/log"
  mv -f -- "$T/output" "$T/failure"
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
  if ! "undo_$verb" "$@" >>"$T/log" 2>&1 9>&-; then
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
flush() { sync -- "$1" 2>/dev/null || sync; }

# --- paths ---------------------------------------------------------------------------------------------------------

exists() { [ -e "$1" ] || [ -L "$1" ]; }
beside() { printf '%s/.fireclay-%s-%s' "$(dirname -- "$1")" "$id" "$n"; }

# A directory is kept as an empty one of its mode, owner and times: it is only ever removed when it is empty.
keep_path() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    mkdir -- "$B/was" && chown --reference="$1" -- "$B/was" && chmod --reference="$1" -- "$B/was" && touch -r "$1" -- "$B/was"
  elif exists "$1"; then
    cp -a -- "$1" "$B/was"
  else
    : >"$B/absent"
  fi && keep_time "$(dirname -- "$1")"
}

# What changes in a directory changes its time: kept, so that an undone machine is equal to the last detail.
keep_time() { if [ -d "$1" ]; then touch -r "$1" -- "$B/time"; fi; }
give_time_back() { if [ -e "$B/time" ] && [ -d "$1" ]; then touch -r "$B/time" -- "$1"; fi; }

put_back() {
  rm -rf -- "$(beside "$1")"
  if [ -e "$B/absent" ]; then
    if [ -d "$1" ] && [ ! -L "$1" ]; then rm -rf --one-file-system -- "$1"; else rm -f -- "$1"; fi
  else
    if [ -d "$1" ] && [ ! -L "$1" ] && [ ! -d "$B/was" ]; then rm -rf --one-file-system -- "$1"; fi
    if [ -d "$B/was" ] && [ ! -L "$B/was" ] && [ -d "$1" ]; then
      chown --reference="$B/was" -- "$1" && chmod --reference="$B/was" -- "$1"
    else
      cp -a -- "$B/was" "$(beside "$1")" && mv -fT -- "$(beside "$1")" "$1"
    fi
  fi && give_time_back "$(dirname -- "$1")"
}

prepare_write_file() { keep_path "$1"; }
do_write_file() {
  t=$(beside "$1")
  rm -f -- "$t" && cp -- "$T/blobs/$2" "$t" && chown -- "$4:$5" "$t" && chmod -- "$3" "$t" && flush "$t" &&
    mv -fT -- "$t" "$1" && flush "$(dirname -- "$1")"
}
undo_write_file() { put_back "$1"; }

prepare_make_link() { keep_path "$1"; }
do_make_link() {
  t=$(beside "$1")
  rm -f -- "$t" && ln -s -- "$2" "$t" && mv -fT -- "$t" "$1" && flush "$(dirname -- "$1")"
}
undo_make_link() { put_back "$1"; }

prepare_make_directory() { keep_path "$1"; }
do_make_directory() { { [ -d "$1" ] || mkdir -- "$1"; } && chown -- "$3:$4" "$1" && chmod -- "$2" "$1"; }
undo_make_directory() { put_back "$1"; }

prepare_set_ownership() { stat -c '%u:%g' -- "$1" >"$B/owner" && stat -c '%a' -- "$1" >"$B/mode"; }
do_set_ownership() { chown -- "$3:$4" "$1" && chmod -- "$2" "$1"; }
undo_set_ownership() { chown -- "$(cat "$B/owner")" "$1" && chmod -- "$(cat "$B/mode")" "$1"; }

prepare_remove_path() { keep_path "$1"; }
do_remove_path() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    rmdir -- "$1" 2>/dev/null || echo "$1 stays: it holds what Fireclay did not make"
  else
    rm -f -- "$1"
  fi
}
undo_remove_path() { put_back "$1"; }

# --- packages ------------------------------------------------------------------------------------------------------

apt() { apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false "$@"; }

have_lists() { ls /var/lib/apt/lists/*_Packages >/dev/null 2>&1; }

installed() { dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | sort; }

keep_packages() {
  installed >"$B/packages" && apt-mark showauto | sort >"$B/auto" && keep_accounts
}

# The lists may be missing or old; ask for new ones only when the ones at hand do not answer.
prepare_install_packages() {
  keep_packages || return 1
  have_lists || apt update
  apt -s install "$@" >"$B/simulated" 2>&1 || { apt update && apt -s install "$@" >"$B/simulated"; } || { tail -n 3 "$B/simulated"; return 1; }
  # Packages that would be replaced: their old files at hand before they go.
  sed -n 's/^Inst \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p; s/^Remv \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p' "$B/simulated" >"$B/replaced"
  fetch_old "$B/replaced"
}
do_install_packages() {
  have_lists || apt update
  apt install "$@" || { apt update && apt install "$@"; } || return 1
  installed | cut -d' ' -f1 >"$B/after"
  if [ -e "$B/packages" ]; then cut -d' ' -f1 "$B/packages" | comm -13 - "$B/after" >>"$T/packages"; fi
}
undo_install_packages() { restore_packages; }

prepare_remove_packages() {
  keep_packages || return 1
  split_words "$@"
  # shellcheck disable=SC2086 # names of packages, checked by the controller
  apt -s purge $named >"$B/alone" && apt -s -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 --auto-remove purge $named >"$B/all" || return 1
  for extra in $(removed_in "$B/alone"); do
    case " $named $along " in
      *" $extra "*) ;;
      *) echo "removing $named would also remove $extra, which Fireclay did not install"; return 1 ;;
    esac
  done
  for package in $(removed_in "$B/all"); do
    case " $named $along " in *" $package "*) echo "$package" ;; esac
  done >"$B/set"
  while read -r package; do dpkg-query -W -f '${binary:Package}=${Version}\n' -- "$package"; done <"$B/set" >"$B/replaced"
  fetch_old "$B/replaced"
  # shellcheck disable=SC2046
  dpkg-query -W -f '${Conffiles}\n' -- $(cat "$B/set") 2>/dev/null | sed -n 's/^ \(\/[^ ]*\) .*/\1/p' | while read -r path; do [ ! -e "$path" ] || echo "$path"; done >"$B/conffiles"
  tar -cf "$B/conffiles.tar" -P -T "$B/conffiles"
}
do_remove_packages() { [ ! -s "$B/set" ] || xargs -r dpkg --purge <"$B/set"; }
undo_remove_packages() { restore_packages && tar -xPf "$B/conffiles.tar"; }

split_words() {
  named='' along='' side=named
  for word in "$@"; do
    if [ "$word" = -- ]; then side=along; continue; fi
    if [ "$side" = named ]; then named="$named $word"; else along="$along $word"; fi
  done
}
removed_in() { sed -n 's/^\(Purg\|Remv\) \([^ ]*\) .*/\2/p' "$1"; }

fetch_old() {
  mkdir -p -- "$B/debs"
  [ -s "$1" ] || return 0
  # _apt cannot write here, and apt says so; the download works all the same.
  (cd "$B/debs" && { xargs -r apt-get -q download <"$1" || { apt update && xargs -r apt-get -q download <"$1"; }; }) || {
    echo "the old packages cannot be had any more, so this could not be undone: $(tr '\n' ' ' <"$1")"
    return 1
  }
}

# By exact set: purge what came, bring back what went, in a state that dpkg calls consistent.
restore_packages() {
  no_starts
  installed >"$B/now"
  cut -d' ' -f1 "$B/packages" >"$B/names"
  dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n '/ \(not-installed\|config-files\)$/!s/ .*//p' | sort | comm -23 - "$B/names" >"$B/new"
  [ ! -s "$B/new" ] || xargs -r dpkg --purge --force-remove-reinstreq --force-depends <"$B/new"
  dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/ config-files$//p' | sort | comm -23 - "$B/names" >"$B/rest"
  comm -23 "$B/packages" "$B/now" | cut -d' ' -f1 | sort >"$B/gone"
  if ls "$B"/debs/*.deb >/dev/null 2>&1; then dpkg --force-confold -i "$B"/debs/*.deb; fi
  dpkg --configure -a
  rm -f -- /var/lib/dpkg/info/*.dpkg-new /var/lib/dpkg/info/*.dpkg-tmp
  apt-mark showauto | sort >"$B/auto-now"
  comm -23 "$B/auto" "$B/auto-now" | xargs -r apt-mark auto >/dev/null
  comm -13 "$B/auto" "$B/auto-now" | xargs -r apt-mark manual >/dev/null
  starts_again
  give_accounts_back
  # Services that came back with their packages run again if they ran before.
  installed | cmp -s - "$B/packages"
}

no_starts() {
  if [ -e /usr/sbin/policy-rc.d ]; then return 0; fi
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && : >"$B/policy"
}
starts_again() { if [ -e "$B/policy" ]; then rm -f -- /usr/sbin/policy-rc.d "$B/policy"; fi; }

# --- accounts ------------------------------------------------------------------------------------------------------

account_files='passwd passwd- group group- shadow shadow- gshadow gshadow- subuid subuid- subgid subgid-'

keep_accounts() {
  mkdir -p -- "$B/accounts" && for f in $account_files; do [ ! -e "/etc/$f" ] || cp -a -- "/etc/$f" "$B/accounts/$f" || return 1; done
}
give_accounts_back() {
  for f in $account_files; do
    if [ ! -e "$B/accounts/$f" ]; then rm -f -- "/etc/$f"; continue; fi
    cmp -s "$B/accounts/$f" "/etc/$f" || { cp -a -- "$B/accounts/$f" "/etc/$f.fireclay" && mv -f -- "/etc/$f.fireclay" "/etc/$f"; } || return 1
  done
}

prepare_account() {
  eval "last=\${$#}"
  keep_accounts || return 1
  home=$(getent passwd "$last" | cut -d: -f6)
  : >"$B/home"
  if [ "$1" = useradd ]; then
    keep_time /home
    # Where the home will be is known only afterwards; remember what is not there yet.
    ls -A /home >"$B/homes"
  fi
}
do_account() {
  eval "last=\${$#}"
  case "$1 $*" in
    "useradd "*--gid*) ;;
    "useradd "*) if getent group "$last" >/dev/null; then shift; set -- useradd --gid "$last" "$@"; fi ;;
  esac
  if [ "$1" = useradd ]; then
    home=$(getent passwd "$last" | cut -d: -f6)
    "$@" || return 1
    home=$(getent passwd "$last" | cut -d: -f6)
    case " $* " in *" --create-home "*) printf '%s\n' "$home" >"$B/home" ;; esac
  else
    "$@"
  fi
}
undo_account() {
  home=$(cat "$B/home")
  case $home in /?*) rm -rf --one-file-system -- "$home" ;; esac
  # Killed between the account and its home: whatever stands in /home and was not there before.
  if [ -e "$B/homes" ]; then ls -A /home | comm -13 "$B/homes" - | while IFS= read -r new; do rm -rf --one-file-system -- "/home/$new"; done; fi
  give_accounts_back && give_time_back /home
}

# --- units ---------------------------------------------------------------------------------------------------------

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

# --- commands ------------------------------------------------------------------------------------------------------

prepare_run_command() { :; }
do_run_command() {
  shift_undo "$@"
  shift "$skip"
  "$@" </dev/null
}
undo_run_command() {
  if [ "$1" -eq 0 ]; then echo "a command without undo was run" | tee -a "$T/unrestored"; return 0; fi
  count=$1
  shift
  i=0 total=$#
  # Keep the first COUNT words: rotate them to the end and drop the rest.
  while [ "$i" -lt "$count" ]; do set -- "$@" "$1"; shift; i=$((i + 1)); done
  shift $((total - count))
  "$@" </dev/null
}
shift_undo() { skip=$(($1 + 1)); }

main "$@"
