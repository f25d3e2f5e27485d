import type { Recipe } from "../support/recipes.ts"

const unit = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"

/** Machines with a past: they had an earlier release first, and the image of the later one never did. */
export const historyRows: readonly Recipe[] = [
  {
    name: "was-nothing",
    before: `file("/etc/motd", { content: "one\\n" })`,
    resources: `file("/etc/motd", { content: "two\\n" }), pkg("jq"), user("ann"), pkg("cron"), service("cron")`,
  },
  {
    name: "had-paths",
    before: `
      directory("/srv/old", { mode: 0o700 }), file("/srv/old/a/b", { content: "b\\n" }), link("/srv/current", { target: "old" }),
      file("/etc/issue", { content: "replaced\\n", mode: 0o600 }), file("/srv/kept", { content: "1", owner: "daemon", mode: 0o4755 })`,
    resources: `file("/srv/kept", { content: "1" }), link("/srv/current", { target: "new" }), directory("/srv/new")`,
  },
  {
    name: "had-kinds",
    before: `file("/srv/a", { content: "a" }), link("/srv/b", { target: "a" }), link("/srv/c", { target: "a" }), directory("/srv/d")`,
    resources: `link("/srv/a", { target: "b" }), file("/srv/b", { content: "b" }), link("/srv/d", { target: "b" })`,
  },
  {
    name: "had-accounts",
    before: `
      group("old"), group("data", { gid: 4711 }), user("bob", { groups: ["old", "data"] }), user("app", { system: true, comment: "One" }),
      file("/home/bob/.profile", { content: "x\\n", owner: "bob" })`,
    resources: `group("data", { gid: 4711 }), user("app", { system: true, comment: "Two", shell: "/bin/sh", groups: ["data"] })`,
  },
  {
    name: "had-services",
    before: `
      file("/etc/systemd/system/one.service", { content: "${unit}" }), service("one"), service("ssh", { enabled: false, running: false }),
      file("/etc/systemd/system/two.service", { content: "${unit}" }), service("two")`,
    resources: `
      file("/etc/systemd/system/two.service", { content: "${unit}" }), service("two", { enabled: false, running: false }), service("ssh")`,
  },
  {
    name: "had-lines",
    before: `line("/etc/hosts.allow", { line: "ALL: ALL" }), line("/etc/environment", { line: "A=1" }), line("/etc/environment", { line: "B=2" })`,
    resources: `line("/etc/environment", { line: "B=2" }), line("/etc/hosts.allow", { line: "ALL: ALL", state: "absent" })`,
  },
  {
    name: "had-purged",
    before: `directory("/srv/conf"), file("/srv/conf/a", { content: "a" }), file("/srv/conf/b", { content: "b" })`,
    resources: `directory("/srv/conf", { purge: true }), file("/srv/conf/b", { content: "b" })`,
  },
  {
    name: "had-jq",
    before: `pkg("jq"), pkg("rsync"), file("/etc/motd", { content: "x\\n" })`,
    resources: `pkg("rsync"), file("/etc/motd", { content: "x\\n" })`,
  },
  {
    name: "had-nginx",
    before: `pkg("nginx"), file("/etc/nginx/conf.d/a.conf", { content: "# a\\n" }), service("nginx")`,
    resources: `pkg("haproxy"), service("haproxy")`,
  },
  {
    name: "had-redis",
    before: `pkg("redis-server"), service("redis-server")`,
    resources: `pkg("memcached"), service("memcached")`,
  },
  {
    name: "had-cron",
    before: `pkg("cron"), file("/etc/cron.d/a", { content: "0 3 * * * root true\\n" }), service("cron")`,
    resources: `file("/etc/motd", { content: "x\\n" })`,
  },
  {
    name: "had-snakeoil",
    before: `pkg("ssl-cert"), user("web", { system: true, groups: ["ssl-cert"] })`,
    resources: `file("/etc/motd", { content: "x\\n" })`,
  },
  {
    name: "rolled-back",
    before: `pkg("jq"), file("/etc/motd", { content: "one\\n" }), user("ann")`,
    resources: `pkg("rsync"), file("/etc/motd", { content: "two\\n" }), user("bob")`,
    rollback: true,
  },
  {
    name: "renamed-program",
    before: `user("app", { system: true }), file("/srv/a", { content: "a" })`,
    beforeMore: `run: { command: ["/bin/sleep", "1000"], user: "app", environment: { A: "1" } },
      processes: { worker: { command: ["/bin/sleep", "2000"] } }`,
    resources: `user("app", { system: true }), file("/srv/a", { content: "a" })`,
    more: `run: { command: ["/bin/sleep", "3000"], user: "app" }, processes: { other: { command: ["/bin/sleep", "2000"] } }`,
  },
]
