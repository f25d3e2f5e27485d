# What still runs as it was before packages changed. Lines, by tabs:
#
#   stale PID COMMAND CGROUP FILE    a process runs what is gone from the disk
#   reboot REASON

# What lies where packages put programs and libraries. Containers on this machine are machines of their own.
stale_processes() {
  own=$(readlink /proc/1/ns/pid)
  grep -EsH '^[^ ]+ ..x.+ /(usr|lib[^/]*|bin|sbin|opt)/.* \(deleted\)$' /proc/[0-9]*/maps |
    sed -E 's#^/proc/([0-9]+)/maps:[^/]*(/.*) \(deleted\)$#\1 \2#' | sort -u | while read -r pid file; do
    [ "$(readlink "/proc/$pid/ns/pid")" = "$own" ] || continue
    printf 'stale\t%s\t%s\t%s\t%s\n' "$pid" "$(cat "/proc/$pid/comm")" "$(sed -nE 's/^(0::|1:name=systemd:)//p' "/proc/$pid/cgroup" | tail -n 1)" "$file"
  done 2>/dev/null
}

reboot_reasons() {
  if [ -e /run/reboot-required ]; then
    by=$(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\n' ' ')
    by=${by% }
    printf 'reboot\tasked for by %s\n' "${by:-a package}"
  fi
  # A container runs the kernel of its host.
  if [ -e /run/systemd/container ] || [ -e /.dockerenv ]; then return 0; fi
  dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' 'linux-image-[0-9]*' 2>/dev/null | kernel_reason "$(uname -r)" "$(uname -v)"
}
# Of the same flavour: the newest that is installed should run; Debian says of the running one which build it is.
kernel_reason() {
  flavour=$(printf '%s\n' "$1" | sed 's/^[0-9.]*-[0-9]*-//')
  sed -n "s/^linux-image-\([0-9.]*-[0-9]*-$flavour\) \(.*\) installed$/\1 \2/p" |
    sort -V | tail -n 1 | while read -r name version; do
    if [ "$name" != "$1" ]; then printf 'reboot\tthe kernel %s runs, and %s is installed\n' "$1" "$name"; continue; fi
    case $2 in
      *"Debian $version"*) ;;
      *"Debian "*) printf 'reboot\tthe kernel %s runs as it was before %s\n' "$1" "$version" ;;
    esac
  done
}
