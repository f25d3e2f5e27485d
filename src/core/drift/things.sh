# All that a machine has besides files, a line each: KIND NAME VALUE, by tabs. It comes behind look.sh, of which it uses the
# directory $W.

things() { { packages; accounts; ports; mounts; modules; settings; firewall; units; processes; stray; } 2>/dev/null | sort -u; }

packages() {
  [ ! -e /var/lib/dpkg/status ] || awk -v OFS='\t' '
    $1 == "Package:" { name = $2; version = ""; arch = ""; state = "" }
    $1 == "Status:" { state = $2 == "hold" ? $4 " held" : $4 }
    $1 == "Architecture:" { arch = $2 }
    $1 == "Version:" { version = $2 }
    /^$/ { if (name != "" && state != "not-installed") print "package", name ":" arch, version " " state; name = "" }
    END { if (name != "") print "package", name ":" arch, version " " state }' /var/lib/dpkg/status
}

# Of passwords only whether they are the same.
accounts() {
  awk -F : -v OFS='\t' '{ print "account", $1, $3 ":" $4 ":" $6 ":" $7 }' /etc/passwd
  awk -F : -v OFS='\t' '{ print "group", $1, $3 ":" $4 }' /etc/group
  passwords
}

passwords() {
  mkdir "$W/passwords" && cd "$W/passwords" || return
  awk -F : '{ print $1 ":" $2 > $1; close($1) }' /etc/shadow
  sha256sum -- * | awk -v OFS='\t' '{ print "password", $2, substr($1, 1, 16) }'
  cd / && rm -rf -- "$W/passwords"
}

# Listening only: a client's port is the kernel's choice.
ports() {
  command -v ss >/dev/null || return 0
  ss -Hltunp | awk -v OFS='\t' '
    { program = ""; if (match($0, /users:\(\("[^"]*"/)) program = substr($0, RSTART + 9, RLENGTH - 10)
      port = $5; sub(/.*:/, "", port)
      if ($1 == "udp" && port >= 32768) next
      print "port", $1 " " $5, program }'
}

# Of the options those that allow or forbid something: the others differ from one boot to the next.
mounts() {
  awk -v OFS='\t' '$2 !~ "^/(proc|sys|dev|run)(/|$)" {
    count = split($4, options, ","); kept = ""
    for (i = 1; i <= count; i++) if (options[i] ~ /^(rw|ro|nosuid|nodev|noexec)$/) kept = kept " " options[i]
    print "mount", $2, $1 " " $3 kept }' /proc/mounts
}
modules() { awk -v OFS='\t' '{ print "kernel module", $1, "" }' /proc/modules; }

settings() {
  find /proc/sys/kernel /proc/sys/net /proc/sys/vm /proc/sys/fs -type f -perm -200 ! -path '*/net/*/neigh/*' ! -path '*/fs/binfmt_misc/*' -print0 |
    xargs -0 -r grep -sH '' | sed -n "s#^/proc/sys/\([^:]*\):#kernel setting$tab\1$tab#p"
}

rules() { nft -s list ruleset 2>/dev/null; }
firewall() {
  { rules || { iptables-save; ip6tables-save; }; } | sed -n "/^ *#/d; s/\[[0-9:]*\]//; s/^[ $tab]*\(..*\)/firewall rule$tab\1$tab/p"
}

units() {
  command -v systemctl >/dev/null || return 0
  systemctl list-units --plain --no-legend --no-pager --type=service,timer,socket,path --state=running,waiting,listening |
    awk -v OFS='\t' '{ print "running unit", $1, $4 }'
}

# A program that is gone from the disk, or that lies where anybody may write, or that is given other libraries.
processes() {
  find /proc/[0-9]*/exe -maxdepth 0 -printf '%l\n' | awk -v OFS='\t' '
    / \(deleted\)$/ { print "process", $0, "runs a file that is gone"; next }
    $0 ~ "^/(tmp|var/tmp|dev/shm|run/user)/" { print "process", $0, "runs from where anybody may write" }'
  grep -zsH '^LD_\(PRELOAD\|AUDIT\)=.' /proc/[0-9]*/environ | tr '\0' '\n' | while IFS=: read -r environ setting; do
    printf 'process\t%s\tis given the library %s\n' "$(readlink "${environ%/*}/exe")" "${setting#*=}"
  done
}

# What no instance of an image should have, whenever it came: no baseline makes it right.
intruders() {
  awk -v OFS='\t' '$2 == "/" { root = $4 } END { if (root ~ /(^|,)rw(,|$)/) print "mount", "/", "the root of an instance can be written to" }' /proc/mounts
  sessions 2>/dev/null | sort -u
}

# Who is in: what has a terminal and leads a session or was put in from outside, and connections of SSH without one.
sessions() {
  find /proc/[0-9]*/fd/0 -maxdepth 0 -printf '%p %l\n' | while read -r input terminal; do
    case $terminal in /dev/pts/* | /dev/tty[0-9]* | /dev/console) ;; *) continue ;; esac
    process=${input%/fd/0}
    read -r stat <"$process/stat" || continue
    # PID (NAME) STATE PARENT GROUP SESSION: a session or a parent of another namespace is 0.
    set -- ${stat##*) }
    [ "$2" = 0 ] || [ "$4" = "${process#/proc/}" ] || continue
    read -r program <"$process/comm"
    case $program in agetty | getty | systemd*) continue ;; esac
    printf 'login session\t%s on %s\t%s\n' "$(stat -c %U "$process")" "${terminal#/dev/}" "$program"
  done
  grep -slaE '^sshd: .*@notty' /proc/[0-9]*/cmdline | while read -r words; do
    printf 'login session\t%s by SSH\tsshd\n' "$(tr '\0' ' ' <"$words" | sed 's/^sshd: *//; s/@.*//')"
  done
}

# Programs that run as another where nothing else is looked at.
stray() {
  find /tmp /var/tmp /dev/shm /run -xdev -type f -perm /6000 -printf 'setuid program\t%p\t%#m %u\n'
}
