/** What a machine has for itself, beyond what varies by nature: two machines are not held against each other by it. */
interface Own {
  /** Extended regular expression. */
  readonly what: string
  readonly why: string
}

/** Over whole paths. */
const paths: readonly Own[] = [
  { what: "/etc/(fstab|crypttab)", why: "names disks by their numbers" },
  { what: "/etc/(network/interfaces(\\.d/.*)?|netplan/.*|systemd/network/.*)", why: "its addresses" },
  { what: "/etc/NetworkManager/system-connections/.*", why: "its addresses" },
  { what: "/etc/(hostid|adjtime|iscsi/initiatorname\\.iscsi|nvme/host(id|nqn))", why: "its identity" },
  { what: "/etc/udev/rules\\.d/70-persistent-.*", why: "the numbers of its hardware" },
  {
    what: "/(boot/initrd\\.img-.*|boot/grub/(grub\\.cfg|grubenv|device\\.map)|boot/efi/.*)",
    why: "made on it, for its disks",
  },
  { what: "/etc/ld\\.so\\.cache|/usr/lib/locale/locale-archive", why: "follows from what else is there" },
  {
    what: "(/usr)?/lib/(udev/hwdb\\.bin|modules/[^/]*/modules\\..*)|/etc/udev/hwdb\\.bin",
    why: "follows from what else is there",
  },
  { what: "/etc/ssl/(certs|private)/ssl-cert-snakeoil\\..*", why: "its keys" },
  {
    what: "/var/lib/dpkg/(status|available|diversions|statoverride|lock.*|info/.*\\.list)",
    why: "packages are told one by one",
  },
  { what: "/var/lib/dpkg/(triggers|alternatives|updates|parts)(/.*)?", why: "the order in which packages came" },
  { what: "/var/lib/apt/(extended_states|listchanges.*)", why: "the order in which packages came" },
  {
    what: "/var/lib/systemd/(timers|catalog|coredump|deb-systemd-.*|random-seed|backlight|rfkill|timesync|network)(/.*)?",
    why: "what systemd and packages keep for themselves",
  },
  { what: "/var/lib/(ucf|pam|sudo)(/.*)?", why: "what packages and programs keep for themselves" },
]

/** Over the kind of a thing, a tab, and its name. */
const things: readonly Own[] = [
  {
    what: "kernel setting\tkernel/(hostname|domainname|random/.*|ns_last_pid|pty/.*|sched_domain/.*)\t",
    why: "its name, and counters",
  },
  { what: "kernel setting\tfs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*)\t", why: "counters" },
  { what: "kernel setting\tnet/ipv[46]/(conf|neigh)/[^/]*[0-9@][^/]*/", why: "named by its interfaces" },
  {
    what: "kernel setting\tnet/(core/netdev_rss_key|netfilter/nf_conntrack_(count|buckets|max))\t",
    why: "random, or of its memory",
  },
  {
    what: "kernel setting\tnet/ipv4/(tcp_mem|udp_mem|tcp_max_orphans|tcp_max_tw_buckets|tcp_max_syn_backlog|tcp_[rw]mem)\t",
    why: "of its memory",
  },
  {
    what: "kernel setting\t(fs/(file-max|epoll/max_user_watches|inotify/max_user_watches|fanotify/.*))\t",
    why: "of its memory",
  },
  {
    what: "kernel setting\t(kernel/(threads-max|shmall|shmmax|cad_pid)|vm/(min_free_kbytes|user_reserve_kbytes|admin_reserve_kbytes|lowmem_reserve_ratio))\t",
    why: "of its memory",
  },
  { what: "mount\t/(run|var/lib/docker|var/lib/containers|snap)/", why: "of sessions and containers" },
  {
    what: "(port\t(tcp|udp) 127\\.0\\.0\\.11:|firewall rule\t.*127\\.0\\.0\\.11)",
    why: "Docker's own resolver in a container, which takes any port",
  },
]

const joined = (rows: readonly Own[]): string => rows.map(({ what }) => what).join("|")

export const ownPaths: string = `^(${joined(paths)})$`
export const ownThings: string = `^(${joined(things)})`
