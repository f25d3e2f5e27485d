/**
 * What a machine says of itself. Plain data: text holds no control characters, and none of it is ever taken for a
 * template or for code.
 */
export interface MachineFacts {
  /** How the fleet calls it. */
  readonly name: string
  readonly os: {
    /** As in `/etc/os-release`: `debian`, `ubuntu`, `fedora` …; empty where it does not say. */
    readonly id: string
    /** For people: `Debian GNU/Linux`. */
    readonly name: string
    /** `12`, `24.04`. */
    readonly version: string
    /** `bookworm`, `noble`; empty where it has none. */
    readonly codename: string
  }
  /** As the kernel calls it: `x86_64`, `aarch64`. */
  readonly architecture: string
  /** Release of the kernel: `6.1.0-28-amd64`. */
  readonly kernel: string
  /** What the kernel can use. It differs a little from kernel to kernel: round what you derive from it. */
  readonly memoryBytes: number
  /** Processors that are switched on. */
  readonly cpus: number
  readonly hostname: string
  /** With its domain, where `/etc/hosts` gives it one. */
  readonly fqdn?: string
  /** `none`, `docker`, `systemd-nspawn`, `kvm`, `vmware` …; `vm` for one that does not say which. */
  readonly virtualization: string
  /** Without loopback and link-local ones, sorted. */
  readonly addresses: {
    readonly v4: readonly string[]
    readonly v6: readonly string[]
    /** On the network that leads out. */
    readonly default?: string
  }
}
