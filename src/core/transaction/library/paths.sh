# Files, links and directories.

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
undo_set_ownership() { chown -- "$(cat "$B/owner")" "$1" && chmod -- "0000$(cat "$B/mode")" "$1"; }

prepare_remove_path() { keep_path "$1"; }
do_remove_path() {
  if [ -d "$1" ] && [ ! -L "$1" ]; then
    rmdir -- "$1" 2>/dev/null || echo "$1 stays: it holds what Fireclay did not make"
  else
    rm -f -- "$1"
  fi
}
undo_remove_path() { put_back "$1"; }
