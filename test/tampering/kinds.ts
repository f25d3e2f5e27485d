/** Something that is done to a machine behind the tool's back. */
export interface Tampering {
  readonly what: string
  /** As root, in a POSIX shell. */
  readonly script: string
  /** How `drift` tells of it: `added cron job /etc/cron.d/x`, or the id of a resource. */
  readonly found: string
  /** What another tool would have to name, to have seen it: one of these. */
  readonly traces: readonly string[]
}

/** @param traces absent: the path that `found` ends with */
const row = (what: string, script: string, found: string, traces?: readonly string[]): Tampering => ({
  what,
  script,
  found,
  traces: traces ?? [found.slice(found.indexOf("/")).replace(/ \(deleted\)$/, "")],
})

/** Whether a tool that printed this has named it, and not only something that begins or ends alike. */
export const names = (said: string, { traces }: Tampering): boolean =>
  traces.some((trace) => new RegExp(`(^|[\\s'":(/[])${literally(trace)}($|[\\s'":)/\\]\\\\])`, "m").test(said))

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

const background = (command: string): string => `(setsid ${command} >/dev/null 2>&1 </dev/null &) && sleep 0.3`

/** All of them can be done at once, in this order, to the machine of ./project.ts. */
export const tamperings: readonly Tampering[] = [
  row("a described file's content", "echo more >>/etc/motd", "file:/etc/motd"),
  row("a described file's mode", "chmod 600 /etc/web.conf", "file:/etc/web.conf"),
  row("a described account's shell", "usermod -s /bin/bash app", "user:app", ["[app]", "User[app]", "/etc/passwd"]),
  row("a described service, stopped", "systemctl stop cron", "service:cron.service", [
    "[cron]",
    "[cron.service]",
    "Service[cron]",
  ]),

  row(
    "a new setuid program",
    "cp /bin/true /usr/local/bin/x && chmod 4755 /usr/local/bin/x",
    "added setuid program /usr/local/bin/x",
  ),
  row("one where anybody may write", "cp /bin/true /tmp/x && chmod 4755 /tmp/x", "added setuid program /tmp/x"),
  row("one among data", "cp /bin/true /srv/data/x && chmod 4755 /srv/data/x", "added setuid program /srv/data/x"),
  row("a program that runs as its group now", "chmod g+s /usr/bin/find", "changed setuid program /usr/bin/find"),
  row("a program that lost its setuid bit", "chmod u-s /usr/bin/su", "changed setuid program /usr/bin/su"),
  row("a capability", "setcap cap_net_admin+ep /usr/bin/id", "changed program /usr/bin/id"),
  row(
    "a program, with its old size and times",
    "f=/usr/bin/uptime; touch -r $f /srv/data/t; printf X | dd of=$f bs=1 seek=100 conv=notrunc 2>/dev/null; touch -r /srv/data/t $f",
    "changed program /usr/bin/uptime",
  ),
  row(
    "a program of a package, replaced",
    "cp /bin/true /usr/bin/tac.new && mv /usr/bin/tac.new /usr/bin/tac",
    "changed program /usr/bin/tac",
  ),
  row(
    "a library",
    "echo >>/usr/lib/x86_64-linux-gnu/libresolv.so.2",
    "changed file /usr/lib/x86_64-linux-gnu/libresolv.so.2",
  ),
  row("a program that nobody packaged", "cp /bin/true /usr/local/sbin/y", "added program /usr/local/sbin/y"),
  row("a program among logs", "cp /bin/true /var/log/z", "added program /var/log/z"),
  row("a file that is gone", "rm /etc/debconf.conf", "removed file /etc/debconf.conf"),
  row("a directory that anybody may write to", "chmod 777 /etc/skel", "changed directory /etc/skel"),
  row("a file's owner", "chown app /etc/fstab", "changed boot setting /etc/fstab"),
  row("a name with a line break", "touch \"$(printf '/opt/a\\nb')\"", "added odd name /opt/a\nb", ["/opt/a"]),

  row(
    "an edited unit",
    "echo '# x' >>/usr/lib/systemd/system/cron.service",
    "changed unit /usr/lib/systemd/system/cron.service",
  ),
  row(
    "a drop-in of a unit",
    "mkdir -p /etc/systemd/system/ssh.service.d && echo '[Service]' >/etc/systemd/system/ssh.service.d/x.conf",
    "added unit /etc/systemd/system/ssh.service.d/x.conf",
  ),
  row(
    "a new unit",
    "printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/x.service",
    "added unit /etc/systemd/system/x.service",
  ),
  row(
    "a unit that starts at boot",
    "ln -s /etc/systemd/system/x.service /etc/systemd/system/multi-user.target.wants/x.service",
    "added unit /etc/systemd/system/multi-user.target.wants/x.service",
  ),
  row(
    "a timer",
    "printf '[Timer]\\nOnCalendar=daily\\n' >/etc/systemd/system/x.timer",
    "added timer /etc/systemd/system/x.timer",
  ),
  row(
    "a unit that was started by hand",
    "systemd-run --quiet --unit=stray sleep 600",
    "added running unit stray.service",
    ["stray.service"],
  ),
  row("a cron job", "echo '* * * * * root id' >/etc/cron.d/x", "added cron job /etc/cron.d/x"),
  row("a daily job", "cp /bin/true /etc/cron.daily/x", "added cron job /etc/cron.daily/x"),
  row(
    "a cron job in a user's table",
    "echo '* * * * * id' | crontab -u app -",
    "added cron job /var/spool/cron/crontabs/app",
  ),

  row("an account", "useradd eve", "added account eve", ["/etc/passwd"]),
  row("an account with root's number", "echo 'toor:x:0:0::/root:/bin/sh' >>/etc/passwd", "added account toor", [
    "/etc/passwd",
  ]),
  row("a password", "echo root:new | chpasswd", "changed password root", ["/etc/shadow"]),
  row("a member of a group", "usermod -aG sudo app", "changed group sudo", ["/etc/group"]),
  row("who may read the passwords", "chmod 644 /etc/shadow", "changed account file /etc/shadow"),
  row(
    "a key",
    "mkdir -p /root/.ssh && echo key >/root/.ssh/authorized_keys",
    "added SSH key /root/.ssh/authorized_keys",
  ),
  row(
    "a sudo rule",
    "mkdir -p /etc/sudoers.d && echo 'app ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/x",
    "added sudo rule /etc/sudoers.d/x",
  ),
  row(
    "a rule of who may log in",
    "echo 'auth sufficient pam_permit.so' >>/etc/pam.d/su",
    "changed login rule /etc/pam.d/su",
  ),
  row(
    "the server of SSH",
    "echo 'PermitRootLogin yes' >>/etc/ssh/sshd_config",
    "changed SSH setting /etc/ssh/sshd_config",
  ),
  row(
    "a host key",
    "rm /etc/ssh/ssh_host_ed25519_key* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
    "changed host key /etc/ssh/ssh_host_ed25519_key",
  ),

  row(
    "a library that is loaded into all programs",
    "echo >/etc/ld.so.preload",
    "added library loading /etc/ld.so.preload",
  ),
  row("a shell's start", "echo 'true' >/etc/profile.d/x.sh", "added shell start-up /etc/profile.d/x.sh"),
  row("root's own start", "echo true >>/root/.bashrc", "changed shell start-up /root/.bashrc"),
  row("an alternative", "ln -sf /bin/true /etc/alternatives/pager", "changed alternative /etc/alternatives/pager"),
  row(
    "a source of packages",
    "echo 'deb http://x.invalid x main' >/etc/apt/sources.list.d/x.list",
    "added package source /etc/apt/sources.list.d/x.list",
  ),
  row(
    "a package's script",
    "echo '# x' >>/var/lib/dpkg/info/base-files.postinst",
    "changed package database /var/lib/dpkg/info/base-files.postinst",
  ),
  row("where names lead", "echo '192.0.2.1 deb.debian.org' >>/etc/hosts", "changed network setting /etc/hosts"),
  row(
    "a setting of the kernel at boot",
    "echo 'kernel.kptr_restrict=0' >/etc/sysctl.d/x.conf",
    "added kernel setting /etc/sysctl.d/x.conf",
  ),
  row(
    "what is logged",
    "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=none\\n' >/etc/systemd/journald.conf.d/x.conf",
    "added unit /etc/systemd/journald.conf.d/x.conf",
  ),

  row(
    "a process from a file that is gone",
    `cp /bin/sleep /opt/s && ${background("/opt/s 600")} && rm /opt/s`,
    "added process /opt/s (deleted)",
  ),
  row(
    "a process from where anybody may write",
    `cp /bin/sleep /tmp/w && ${background("/tmp/w 600")}`,
    "added process /tmp/w",
  ),
  row(
    "a process with another's library",
    background("env LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libm.so.6 sleep 600"),
    "added process /usr/bin/sleep",
  ),
  row(
    "a port",
    background(
      "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalPort => 4444) or die; sleep 600'",
    ),
    "added port tcp 0.0.0.0:4444",
    ["4444"],
  ),
  row("a mount", "mount -t tmpfs none /mnt", "added mount /mnt"),
  row("a package", "cd /srv/data && dpkg -i probe-other.deb >/dev/null", "added package probe-other:all", [
    "probe-other",
  ]),
  row(
    "an older package",
    "cd /srv/data && dpkg -i --force-downgrade probe-1.deb >/dev/null 2>&1",
    "changed package probe:all",
    ["probe"],
  ),
  row("a package that is held", "apt-mark hold login >/dev/null", "changed package login:amd64", ["login:amd64"]),
]
