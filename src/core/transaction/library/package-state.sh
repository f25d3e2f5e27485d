# What packages' scripts write besides their packages: kept whole, put back path by path.

state_paths() {
  { "${pm}_state"; cat -- "$B/own-paths" 2>/dev/null; } | while IFS= read -r path; do if exists "$path"; then printf '%s\n' "$path"; fi; done
}

# A line for each path: what it is, and its name last.
list_state() {
  # shellcheck disable=SC2046
  find $(state_paths) -exec stat -c '%f|%u|%g|%s|%y|%n' -- {} + | LC_ALL=C sort
}
names_of() { cut -d'|' -f6- | LC_ALL=C sort -u; }

# Where scripts make directories of their own, such as the home of a user that comes with a package.
list_homes() {
  for home in /var/lib /var/spool /var/www /home /srv /opt; do
    if [ -d "$home" ]; then ls -A -- "$home" | sed "s,^,$home/,"; fi
  done | LC_ALL=C sort
}

tar_words() {
  if tar --version 2>/dev/null | grep -q GNU; then echo --format=posix --xattrs --acls --numeric-owner --hard-dereference --warning=no-file-ignored; fi
}

# Only what the step changed, or its undoing: what others changed in between is theirs.
give_state_back() {
  remove_homes
  list_state >"$B/state-now"
  comm -3 "$B/state" "$B/state-now" | sed 's/^	//' | names_of >"$B/differ"
  if [ -e "$B/state-after" ]; then
    { comm -3 "$B/state" "$B/state-after"; comm -3 "$B/state-undo" "$B/state-now"; } | sed 's/^	//' | names_of >"$B/touched"
    comm -12 "$B/differ" "$B/touched" >"$B/back"
  else
    cp -- "$B/differ" "$B/back"
  fi
  [ -s "$B/back" ] || return 0
  if ! { rm -rf -- "$B/was" && mkdir -- "$B/was" && take_out; }; then rm -rf -- "$B/was"; return 1; fi
  sort -r "$B/back" | while IFS= read -r path; do if ! exists "$B/was$path"; then drop_path "$path"; fi; done
  while IFS= read -r path; do if exists "$B/was$path"; then give_path_back "$path"; fi; done <"$B/back"
  sort -r "$B/back" | while IFS= read -r path; do if [ -d "$B/was$path" ] && [ ! -L "$path" ]; then touch -r "$B/was$path" -- "$path"; fi; done
  rm -rf -- "$B/was"
}
# Of what was kept only what is to go back: on a full disk there is no room for all of it.
take_out() {
  names_of <"$B/state" | LC_ALL=C comm -12 - "$B/back" | sed 's,^/,,' >"$B/wanted"
  [ -s "$B/wanted" ] || return 0
  set -- $(tar_words)
  if [ $# -gt 0 ]; then set -- "$@" --no-recursion -T "$B/wanted"; fi
  tar -C "$B/was" -xpf "$B/state.tar" "$@"
}
drop_path() { if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -f -- "$1"; fi; }
give_path_back() {
  if [ -d "$B/was$1" ] && [ ! -L "$B/was$1" ]; then
    { [ -d "$1" ] && [ ! -L "$1" ]; } || { rm -rf -- "$1" && mkdir -- "$1"; }
    chown --reference="$B/was$1" -- "$1" && chmod --reference="$B/was$1" -- "$1"
  else
    if [ -d "$1" ] && [ ! -L "$1" ]; then rm -rf --one-file-system -- "$1"; fi
    cp -a -- "$B/was$1" "$1.fireclay" && mv -fT -- "$1.fireclay" "$1"
  fi
}

# Below /var/lib and /var/spool scripts are at home; elsewhere it may be a person's, who came by just then.
remove_homes() {
  [ -e "$B/homes-after" ] || { list_homes >"$B/new" && mv -- "$B/new" "$B/homes-after"; } || return 1
  comm -13 "$B/homes" "$B/homes-after" | while IFS= read -r path; do
    [ "$path" != "${FC%/*}/fireclay" ] && exists "$path" || continue
    case $path in
      /var/lib/* | /var/spool/*) rm -rf --one-file-system -- "$path" ;;
      *) rmdir -- "$path" 2>/dev/null || set_aside "$path" ;;
    esac
  done
}
