import type { ThingChange } from "./survey.ts"

/** Whether it comes and goes by itself, so that its change says nothing. */
export const isPassing = ({ kind, name, before, after }: ThingChange): boolean =>
  passing.some((row) => row.kind === kind && row.name.test(name) && (row.only === undefined || row.only(before, after)))

interface Passing {
  readonly kind: ThingChange["kind"]
  readonly name: RegExp
  readonly only?: (before: string | undefined, after: string | undefined) => boolean
  readonly why: string
}

const passing: readonly Passing[] = [
  { kind: "kernel setting", name: /^kernel\/random\//, why: "random numbers, and how much of them there is" },
  { kind: "kernel setting", name: /^kernel\/(ns_last_pid|sched_domain\/.*)$/, why: "the kernel's own counters" },
  {
    kind: "kernel setting",
    name: /^fs\/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\/.*)$/,
    why: "the kernel's own counters",
  },
  {
    kind: "kernel setting",
    name: /^net\/ipv[46]\/(conf|neigh)\/(?!all\/|default\/|lo\/|eth|en|host)/,
    why: "of interfaces that come and go",
  },
  {
    kind: "kernel setting",
    name: /^net\/netfilter\/nf_conntrack_(count|buckets)$|^net\/.*\/flush$/,
    why: "the kernel's own counters",
  },
  {
    kind: "port",
    name: /^(tcp|udp) 127\.0\.0\.11:\d+$/,
    only: (before, after) => (before ?? after) === "",
    why: "Docker's own resolver in a container, which takes any port at each start",
  },
  { kind: "mount", name: /^\/(run|var\/lib\/docker|var\/lib\/containers)\//, why: "of sessions and containers" },
  {
    kind: "running unit",
    name: /^(user@|user-runtime-dir@|session-|run-|getty@|serial-getty@|systemd-(timedated|hostnamed|localed|userdbd|update-utmp)|packagekit|apt-daily|polkit|dbus-)/,
    why: "runs when it is asked for",
  },
  {
    kind: "running unit",
    name: /\.(timer|socket|path)$/,
    only: (before, after) => before !== undefined && after !== undefined,
    why: "waiting and running are the same to it",
  },
]
