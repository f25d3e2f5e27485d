# Users and groups.

ETC=${FC_ETC:-/etc}
account_files='passwd passwd- group group- shadow shadow- gshadow gshadow- subuid subuid- subgid subgid-'

keep_accounts() {
  list_tool_files >"$B/tool-files"
  copy_accounts accounts
}
copy_accounts() {
  rm -rf -- "${B:?}/$1" && mkdir -- "$B/$1" && into=$B/$1 || return 1
  set --
  for f in $account_files; do [ ! -e "$ETC/$f" ] || set -- "$@" "$ETC/$f"; done
  [ $# -eq 0 ] || cp -a -t "$into" -- "$@"
}

# As they were, to the last byte, where nobody else has changed them since; else without what the step brought. What the
# step made of them is known from accounts-after; killed before that was written, it is what stands there.
give_accounts_back() {
  sweep_accounts
  for f in $account_files; do
    was=$B/accounts/$f is=$ETC/$f made=$B/accounts-after/$f
    is_done || made=$is
    if same "$was" "$is"; then continue; fi
    if ! same "$made" "$is" && [ -e "$is" ]; then unmerge_accounts || return 1; continue; fi
    if [ ! -e "$was" ]; then rm -f -- "$is"; continue; fi
    rm -f -- "$is.fireclay"
    { ln -- "$was" "$is.fireclay" 2>/dev/null || cp -a -- "$was" "$is.fireclay"; } && mv -fT -- "$is.fireclay" "$is" || return 1
  done
}

# What a tool that was killed leaves: its lock, the file of its number behind that, and what it was about to write. The
# lock would stand in the way of the next one. What was there before the step is none of ours.
list_tool_files() { ls -A -- "$ETC" | grep -E '^(passwd|group|shadow|gshadow|subuid|subgid)([.]lock|[.][0-9]+|[+])$'; }
sweep_accounts() {
  list_tool_files | while IFS= read -r left; do
    if grep -qxF -- "$left" "$B/tool-files"; then continue; fi
    case $left in *.lock) pid=$(tr -cd 0-9 <"$ETC/$left") ;; *+) pid='' ;; *) pid=${left##*.} ;; esac
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then continue; fi
    rm -f -- "$ETC/$left"
  done
}

same() { if [ -e "$1" ] && [ -e "$2" ]; then cmp -s -- "$1" "$2"; else [ ! -e "$1" ] && [ ! -e "$2" ]; fi; }

# Each entry by its name, each field by itself: what the step changed in it goes back, what others did stays.
unmerge_accounts() {
  [ -e "$was" ] || was=/dev/null
  [ -e "$made" ] || made=/dev/null
  lists='' whole=''
  case $f in group | group-) lists=' 4 ' ;; gshadow | gshadow-) lists=' 3 4 ' ;; sub*) whole=yes ;; esac
  rm -f -- "$is.fireclay"
  awk -v was="$was" -v made="$made" -v lists="$lists" -v whole="$whole" '
    function key() { return whole == "" ? $1 : $0 }
    function has(list, word) { return index("," list ",", "," word ",") > 0 }
    # The list without what came with the step, and with what went.
    function relist(is, was, made,   words, count, i, out) {
      count = split(is, words, ",")
      for (i = 1; i <= count; i++) if (has(was, words[i]) || !has(made, words[i])) out = out "," words[i]
      count = split(was, words, ",")
      for (i = 1; i <= count; i++) if (!has(made, words[i]) && !has(is, words[i])) out = out "," words[i]
      return substr(out, 2)
    }
    function undone(name,   fields, before, after, count, i, out) {
      count = split($0, fields, ":"); split(old[name], before, ":"); split(new[name], after, ":")
      for (i = 1; i <= count; i++) {
        if (index(lists, " " i " ")) fields[i] = relist(fields[i], before[i], after[i])
        else if (fields[i] == after[i]) fields[i] = before[i]
        out = out ":" fields[i]
      }
      return substr(out, 2)
    }
    BEGIN {
      FS = ":"
      while ((getline < was) > 0) { old[key()] = $0; order[++total] = key() }
      while ((getline < made) > 0) new[key()] = $0
    }
    { name = key(); there[name] = 1 }
    !(name in new) { print; next }
    name in old { print undone(name) }
    END { for (i = 1; i <= total; i++) if (!(order[i] in new) && !(order[i] in there)) print old[order[i]] }
  ' "$is" >"$B/unmerged" && cp -a -- "$is" "$is.fireclay" && cat -- "$B/unmerged" >"$is.fireclay" && mv -fT -- "$is.fireclay" "$is"
}

# The home of a user to be made, if it will be made along: also one that a kill leaves behind without its user.
keep_users() {
  touch -r /home -- "$B/home-time" 2>/dev/null
  keep_accounts && each_step prepare
}
prepare_account() {
  [ "$1" = useradd ] || return 0
  home='' made=
  for word in "$@"; do
    if [ "$home" = next ]; then home=$word; fi
    case $word in --home) home=next ;; --create-home) made=yes ;; esac
  done
  if [ -z "$home" ] && [ -n "$made" ]; then home=${homes:=$(useradd -D | sed -n 's/^HOME=//p')}/$word; fi
  if [ -n "$made" ] && ! exists "$home"; then printf '%s\n' "$home" >"$B/$n-home"; fi
  for mail in "/var/mail/$word" "/var/spool/mail/$word"; do exists "$mail" || printf '%s\n' "$mail" >>"$B/$n-mail"; done
}
do_account() {
  if [ "$1" = useradd ]; then
    for last in "$@"; do :; done
    case "$*" in *--gid*) ;; *) if getent group "$last" >/dev/null; then shift; set -- useradd --gid "$last" "$@"; fi ;; esac
  fi
  "$@"
}
undo_account() {
  if [ -e "$B/$n-home" ]; then
    home=$(cat "$B/$n-home")
    if ! is_directory "$home"; then :
    elif [ -n "$was_committed" ] && ! diff -rq -- /etc/skel "$home" >/dev/null 2>&1; then set_aside "$home"
    else rm -rf --one-file-system -- "$home"; fi || return 1
  fi
  # Some systems give every user a mailbox. One with mail in it stays.
  if [ -e "$B/$n-mail" ]; then while IFS= read -r mail; do [ -s "$mail" ] || rm -f -- "$mail"; done <"$B/$n-mail"; fi
}

do_users() { each_step do; }
back_users() {
  back_each
  give_accounts_back || stuck "$g_first accounts"
  if [ -e "$B/home-time" ]; then touch -r "$B/home-time" -- /home; fi
}
