# Users and groups.

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
