# Files, links and directories.
#
# What a step displaces is kept as a further name of the same file, where that can be: all that it is, other names and
# attributes included, comes back by a rename, which takes no room on the disk. Elsewhere it is copied.
#
#   N-link, N-copy, N-directory   what stood in the way of step N
#   absent                        numbers of steps that found nothing
#   time-D                        the time of directory D

exists() { [ -e "$1" ] || [ -L "$1" ]; }
is_directory() { [ -d "$1" ] && [ ! -L "$1" ]; }
beside() { printf '%s/.fireclay-%s-%s' "${1%/*}" "$id" "$n"; }

keep_paths() {
  absent=
  each_step prepare || return 1
  printf '%s \n' "$absent" >"$B/absent" || return 1
  d() { [ ! -d "$2" ] || touch -r "$2" -- "$B/time-$1" || bad=$n; }
  directories
  [ -z "$bad" ]
}

prepare_write_file() { keep_path "$1"; }
prepare_make_link() { keep_path "$1"; }
# Behind a link to a directory, the directory is meant.
prepare_make_directory() { if [ -L "$1" ] && [ -d "$1" ]; then prepare_set_ownership "$1"; else keep_path "$1"; fi; }
prepare_remove_path() { keep_path "$1"; }
keep_path() {
  if is_directory "$1"; then
    keep_directory "$1"
  elif exists "$1"; then
    ln -P -- "$1" "$B/$n-link" 2>/dev/null || { cp -a -- "$1" "$B/$n-copy" && identity "$1" >"$B/$n-identity"; }
  else
    absent="$absent $n"
  fi
}
# As an empty one: a directory is only ever removed when it is empty. What cannot be copied is without attributes.
keep_directory() {
  if [ -z "$(ls -A -- "$1")" ]; then cp -a -- "$1" "$B/$n-directory"; return; fi
  mkdir -- "$B/$n-directory" && chown --reference="$1" -- "$B/$n-directory" && chmod --reference="$1" -- "$B/$n-directory"
}
inode() { stat -c '%d %i' -- "$1"; }
identity() { stat -c '%d %i %s %.9Y %.9Z' -- "$1"; }

prepare_set_ownership() {
  stat -L -c '%u:%g' -- "$1" >"$B/$n-owner" && stat -L -c '%a' -- "$1" >"$B/$n-mode" || return 1
  if [ -f "$1" ]; then cp -L --attributes-only --preserve=all -- "$1" "$B/$n-attributes"; fi
}

# All of a group in few processes: first the directories, then every new file in a hidden directory beside its place, with
# owner and mode; then each takes its place by a rename. Nobody meets half a file.
do_paths() {
  if do_at_once; then return 0; fi
  echo "once more, step by step" >>"$T/log"
  leave_stages
  each_step do || { why_not; return 1; }
}

do_at_once() {
  L=$T/batch
  s() { lay_out "$@"; }
  steps
  for_all mkdir mkdir -- || return 1
  d() { [ -n "$bad" ] || [ ! -d "$T/blobs/$1" ] || cp -R -- "$T/blobs/$1" "$(stage "$2")" || bad=$n; }
  bad=
  directories
  [ -z "$bad" ] && for_all copies -n 2 cp -- && own_all || return 1
  d() { [ -n "$bad" ] || [ ! -d "$T/blobs/$1" ] || place_all "$(stage "$2")" || bad=$n; }
  directories
  [ -z "$bad" ] && for_all stages rmdir -- && for_all links -n 2 ln -sT -- && for_all files rm -f -- || return 1
  s() { [ -n "$bad" ] || [ ! -e "$L/late-$1" ] || do_late "$@"; }
  steps
  [ -z "$bad" ]
}
do_late() {
  n=$1 call=do_$2
  shift 2
  "$call" "$@" || bad=$n
}
# A list of words in the batch, if there is one, given to a program.
for_all() {
  list=$L/$1
  shift
  [ ! -e "$list" ] || xargs -0 "$@" <"$list"
}
stage() { printf '%s/.fireclay-%s-%s' "${1%/}" "$id" "$g_first"; }

lay_out() {
  step=$1 verb=$2 path=$3
  shift 3
  case $verb in
    make_directory)
      if [ -d "$path" ] && [ "${4-}" = if-missing ]; then return 0; fi
      [ -d "$path" ] || printf '%s\0' "$path" >>"$L/mkdir"
      own "$path" "$@"
      ;;
    write_file)
      stage=${path%/*}/.fireclay-$id-$g_first/${path##*/}
      [ "$2" = - ] || printf '%s\0%s\0' "$T/blobs/$2" "$stage" >>"$L/copies"
      shift 2
      own "$stage" "$@"
      ;;
    make_link) if exists "$path"; then late; else printf '%s\0%s\0' "$1" "$path" >>"$L/links"; fi ;;
    remove_path) if is_directory "$path"; then late; else printf '%s\0' "$path" >>"$L/files"; fi ;;
    *) late ;;
  esac
}
late() { printf '' >"$L/late-$step"; }
own() { printf '%s\0' "$1" >>"$L/owner:$3:$4" && printf '%s\0' "$1" >>"$L/mode:$2"; }
# Owners first: a change of them takes set-user-ID away.
own_all() {
  for class in "$L"/owner:* "$L"/mode:*; do
    words=${class##*/}
    case $words in owner:*) program=chown ;; *) program=chmod ;; esac
    [ ! -e "$class" ] || xargs -0 "$program" -- "${words#*:}" <"$class" || return 1
  done
}
place_all() {
  set -- "$1" "$1"/* "$1"/.[!.]* "$1"/..?*
  staged=$1 into=${1%/*}/
  shift
  for file in "$@"; do
    shift
    if exists "$file"; then set -- "$@" "$file"; fi
  done
  mv -f -t "$into" -- "$@" && printf '%s\0' "$staged" >>"$L/stages"
}
leave_stages() {
  d() { stage=$(stage "$2"); [ ! -e "$stage" ] || rm -rf -- "$stage"; }
  directories
}
why_not() {
  case $(lsattr -d -- "$path" "${path%/*}/" 2>/dev/null | cut -d' ' -f1) in
    *[ia]*) echo "$path, or its directory, is immutable: see lsattr -d, and chattr -ia" ;;
  esac
}

# One by one.
do_write_file() {
  path=$1 t=$(beside "$1") blob=$T/blobs/$3
  [ "$3" != - ] || blob=$T/blobs/$2/${1##*/}
  rm -f -- "$t" && cp -- "$blob" "$t" && chown -- "$5:$6" "$t" && chmod -- "$4" "$t" && mv -fT -- "$t" "$1"
}
do_make_link() {
  path=$1 t=$(beside "$1")
  rm -f -- "$t" && ln -s -- "$2" "$t" && mv -fT -- "$t" "$1"
}
do_make_directory() {
  path=$1
  if [ -d "$1" ] && [ "${5-}" = if-missing ]; then return 0; fi
  { [ -d "$1" ] || mkdir -- "$1"; } && chown -- "$3:$4" "$1" && chmod -- "$2" "$1"
}
do_set_ownership() {
  path=$1
  chown -- "$3:$4" "$1" || return 1
  # A change of owner takes a program's capabilities away, also where the owner stays.
  if [ -e "$B/$n-attributes" ]; then cp --attributes-only --preserve=xattr -- "$B/$n-attributes" "$1" || return 1; fi
  chmod -- "$2" "$1"
}
do_remove_path() {
  path=$1
  if is_directory "$1"; then
    rmdir -- "$1" 2>/dev/null || echo "$1 stays: it holds what Fireclay did not make"
  else
    rm -f -- "$1"
  fi
}

back_paths() {
  absent=" $(cat -- "$B/absent") "
  leave_stages
  back_each
  d() { if [ -e "$B/time-$1" ] && [ -d "$2" ]; then touch -r "$B/time-$1" -- "$2"; fi; }
  directories
}
undo_write_file() { put_back "$1"; }
undo_make_link() { put_back "$1"; }
undo_make_directory() { if [ -e "$B/$n-owner" ]; then undo_set_ownership "$1"; else put_back "$1"; fi; }
undo_remove_path() { put_back "$1"; }

# With nothing kept, an undo that was cut short has put it back already.
put_back() {
  exists "$(beside "$1")" && rm -rf -- "$(beside "$1")"
  if exists "$B/$n-link"; then
    # Never displaced: two names of one file cannot be renamed to each other.
    if [ "$(inode "$1" 2>/dev/null)" = "$(inode "$B/$n-link")" ]; then rm -f -- "$B/$n-link"; return; fi
    clear_way "$1" && mv -fT -- "$B/$n-link" "$1"
  elif exists "$B/$n-copy"; then
    [ "$(identity "$1" 2>/dev/null)" = "$(cat "$B/$n-identity")" ] || { clear_way "$1" && copy_back "$1"; }
  elif [ -e "$B/$n-directory" ]; then
    if is_directory "$1"; then
      chown --reference="$B/$n-directory" -- "$1" && chmod --reference="$B/$n-directory" -- "$1"
    else
      # In a directory with set-group-ID, cp leaves that bit on what it makes.
      rm -f -- "$1" && cp -a -- "$B/$n-directory" "$1" && chmod --reference="$B/$n-directory" -- "$1"
    fi
  else
    case $absent in *" $n "*) if is_directory "$1"; then clear_way "$1"; else rm -f -- "$1"; fi ;; esac
  fi
}
# Beside it first; with no room for both, instead of what is there.
copy_back() {
  cp -a -- "$B/$n-copy" "$(beside "$1")" && mv -fT -- "$(beside "$1")" "$1" && return 0
  rm -f -- "$(beside "$1")" "$1" && cp -a -- "$B/$n-copy" "$1"
}
# A directory that this transaction made. What stands in it by now was put there by others: kept, if that can be theirs.
clear_way() {
  is_directory "$1" || return 0
  if [ -n "$was_committed" ] && ! rmdir -- "$1" 2>/dev/null; then set_aside "$1"; else rm -rf --one-file-system -- "$1"; fi
}
set_aside() {
  aside=$FC/kept/$id$1
  [ ! -e "$aside" ] || aside=$aside.$(date +%s)
  mkdir -p -- "${aside%/*}" && mv -T -- "$1" "$aside" && printf '%s\n' "$aside" >>"$T/kept" && note "kept $aside"
}

undo_set_ownership() {
  chown -- "$(cat "$B/$n-owner")" "$1" && chmod -- "0000$(cat "$B/$n-mode")" "$1" || return 1
  if [ -e "$B/$n-attributes" ]; then cp --attributes-only --preserve=mode,ownership,xattr -- "$B/$n-attributes" "$1"; fi
}
