# apk. Written by its documentation; what was tested on what stands in docs/reference/platforms.md.

apk_ready() { ls /var/cache/apk/APKINDEX* /etc/apk/cache/APKINDEX* >/dev/null 2>&1; }
apk_refresh() { apk update; }
apk_installed() { apk info -v 2>/dev/null | sed -E 's/^(.*)-([^-]+-r[0-9]+)$/\1 \2/' | sort; }
# A version that somebody wrote into the list of wanted packages.
apk_held() { sed -n 's/^\([^<>=~@]*\)[<>=~]..*/\1/p' /etc/apk/world | sort -u; }
apk_automatic() {
  sed 's/[<>=~@].*//' /etc/apk/world | sort -u >"$B/world"
  apk_installed | cut -d' ' -f1 | comm -23 - "$B/world"
}
apk_locks() { echo /lib/apk/db/lock /usr/lib/apk/db/lock; }
apk_state() { printf '%s\n' /etc; }

apk_simulate() {
  how=$1
  shift
  case $how in install) verb=add ;; *) verb=del ;; esac
  said=$(apk --simulate "$verb" "$@" 2>&1) || { printf '%s\n' "$said"; return 1; }
  printf '%s\n' "$said" | sed -n -E -e 's/^\([0-9/ ]+\) Installing ([^ ]+) \(([^ )]+)\).*/+ \1 \2/p' \
    -e 's/^\([0-9/ ]+\) (Upgrading|Downgrading) ([^ ]+) \(([^ ]+) -> ([^ )]+)\).*/~ \2 \3 \4/p' -e 's/^\([0-9/ ]+\) Purging ([^ ]+) \(([^ )]+)\).*/- \1 \2/p'
}
apk_get_ready() { :; }
apk_install() { apk add --wait "$packages_wait_seconds" "$@"; }
apk_mark_as_before() { :; }
apk_remove() { apk del --wait "$packages_wait_seconds" "$@"; }
apk_secure() { while read -r name version; do apk fetch -o "$1" "$name=$version" && [ -e "$1/$name-$version.apk" ] || return 1; done; }
apk_stash() { :; }
apk_keep() { :; }
apk_put_back() {
  cp -- /etc/apk/world "$B/world-now"
  tar -xOf "$B/state.tar" etc/apk/world >/etc/apk/world
  if ls "$B"/old/*.apk >/dev/null 2>&1; then apk add --no-network --allow-untrusted --force-overwrite "$B"/old/*.apk; fi
  tar -xOf "$B/state.tar" etc/apk/world >/etc/apk/world
  apk fix --no-network
}
apk_settle() { :; }
apk_units() { :; }
