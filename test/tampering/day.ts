/**
 * What a server does in a day, as root in one go; prints what of it was done. Its timers do not have to be waited for: what each of them starts is
 * started, twice, by programs that see the time of half a day and of a bit more than a day later (libfaketime, from the
 * package faketime, where that is there). The kernel's own clock stays, for the machine shares it with its host; so times of
 * files and those in the journal are not moved.
 */
export const day = `
set -u
export FAKETIME_NO_CACHE=1
lib=$(ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -n 1)

at() {
  later=$1; shift
  if [ -n "$lib" ]; then LD_PRELOAD=$lib FAKETIME=$later "$@"; else "$@"; fi
}

# Somebody logs in, by a server of SSH of its own, with and without a terminal, and becomes another.
if [ -x /usr/sbin/sshd ]; then
  ssh-keygen -q -t ed25519 -N '' -f /tmp/key
  cp /tmp/key.pub /tmp/authorized
  chmod 600 /tmp/authorized
  mkdir -p /run/sshd
  /usr/sbin/sshd -p 2222 -o AuthorizedKeysFile=/tmp/authorized -o StrictModes=no -o PidFile=/tmp/sshd.pid
  login="ssh -q -i /tmp/key -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1"
  $login true
  echo exit | $login -tt >/dev/null 2>&1
  echo "logged in $(grep -hc 'Accepted publickey' /var/log/auth.log) times"
  kill "$(cat /tmp/sshd.pid)"
  rm -f /tmp/key /tmp/key.pub /tmp/authorized
fi
su - root -c true
su -s /bin/sh -c true nobody
echo 'ls -l' >>/root/.bash_history

# It works, and writes what it did.
logger "something happened"
echo x >>/var/log/own.log; echo x >/var/cache/own; echo x >/tmp/own; echo x >/var/tmp/own; mkdir -p /var/lib/own; echo x >/var/lib/own/data
if command -v nginx >/dev/null && systemctl -q is-active nginx; then
  (exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3 >/dev/null)
fi

timers=$(systemctl list-unit-files --type=timer --no-legend --plain | awk '$2 != "masked" { print $1 }')
for later in +12h +25h; do
  for timer in $timers; do
    service=$(systemctl show -P Unit "$timer")
    if [ -n "$lib" ]; then
      mkdir -p "/run/systemd/system/$service.d"
      printf '[Service]\\nEnvironment=LD_PRELOAD=%s FAKETIME=%s FAKETIME_NO_CACHE=1\\n' "$lib" "$later" >"/run/systemd/system/$service.d/day.conf"
    fi
    started="\${started-} $service"
  done
  systemctl daemon-reload
  for service in $started; do ! timeout 60 systemctl start "$service" >/dev/null 2>&1 || echo "$service"; done
  started=
  for each in hourly daily weekly monthly; do
    [ ! -d /etc/cron.$each ] || ! at $later run-parts /etc/cron.$each >/dev/null 2>&1 || echo "cron.$each"
  done
done
[ ! -x /usr/sbin/logrotate ] || at +8d logrotate /etc/logrotate.conf
journalctl -q --rotate --vacuum-time=1s >/dev/null 2>&1
rm -rf /run/systemd/system/*.service.d/day.conf
systemctl daemon-reload
! ls /var/log/syslog.1 >/dev/null 2>&1 || echo "rotated /var/log/syslog"
`
