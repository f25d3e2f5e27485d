/** A way to describe servers, as text of a configuration: what it comes to must be the same in place and as an image. */
export interface Recipe {
  readonly name: string
  /** Resources, a comma between them. */
  readonly resources?: string
  /** What else its spec says. */
  readonly more?: string
  /** Instead of them: a function of what the machine says of itself. */
  readonly resourcesOf?: string
  /** Before the specs: another one that this one stands on. */
  readonly prelude?: string
  /** Files beside the configuration. */
  readonly files?: { readonly [path: string]: string }
  /** Names of its volumes. */
  readonly volumes?: readonly string[]
  /** What the machine was before, of which nothing may stay: resources, and what else its spec said. */
  readonly before?: string
  readonly beforeMore?: string
  /** The earlier release comes back by a rollback, and is what the machine is compared with. */
  readonly rollback?: boolean
}

/** What a recipe may use. */
export const recipeImports = `import { allAtOnce, debian, defineProject, fleet, from, inPlace, local, procfile, replace, secret, spec } from "fireclay"
import { command, directory, file, group, line, link, pkg, service, user } from "fireclay/resources"
`

/** Each kind of resource, and what is known to go different ways: conffiles, triggers, accounts, enablement, orders. */
export const recipes: readonly Recipe[] = [
  { name: "nothing", resources: `file("/etc/motd", { content: "hello\\n" })` },
  {
    name: "paths",
    resources: `
      directory("/srv/a", { mode: 0o2750 }), directory("/srv/a/b"),
      file("/srv/a/b/f", { content: "x", mode: 0o4711 }), file("/srv/a/umlaut ü", { content: "ü" }),
      file("/etc/issue", { content: "replaced\\n" }),
      link("/srv/l", { target: "a/b" }), link("/etc/localtime", { target: "/usr/share/zoneinfo/UTC" })`,
  },
  {
    name: "accounts",
    resources: `
      group("data", { gid: 4711 }), group("ops", { system: true }),
      user("app", { system: true, groups: ["data"] }),
      user("ann", { uid: 2001, groups: ["ops", "data"], comment: "Ann", shell: "/bin/sh" }),
      directory("/srv/app", { owner: "app", group: "data" }),
      file("/home/ann/.profile", { content: "export EDITOR=ed\\n", owner: "ann" })`,
  },
  {
    name: "packages",
    resources: `pkg("jq"), pkg("rsync"), pkg("cron"), file("/etc/cron.d/nightly", { content: "0 3 * * * root true\\n" })`,
  },
  {
    name: "conffiles",
    resources: `
      pkg("nginx-light"), pkg("logrotate"),
      file("/etc/nginx/nginx.conf", { content: "events {}\\nhttp { server { listen 8080; } }\\n" }),
      file("/etc/logrotate.d/app", { content: "/var/log/app.log { weekly }\\n" }),
      service("nginx", { restartOn: ["/etc/nginx/nginx.conf"] })`,
  },
  {
    name: "services",
    resources: `
      file("/etc/systemd/system/one.service", { content: "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n" }),
      file("/etc/systemd/system/two.timer", { content: "[Timer]\\nOnBootSec=1d\\n[Install]\\nWantedBy=timers.target\\n" }),
      file("/etc/systemd/system/two.service", { content: "[Service]\\nType=oneshot\\nExecStart=/bin/true\\n" }),
      service("one"), service("two.timer"), service("ssh", { enabled: false, running: false })`,
  },
  {
    name: "lines",
    resources: `
      line("/etc/environment", { line: "LANG=C.UTF-8" }), line("/etc/hosts.allow", { line: "ALL: ALL" }),
      line("/etc/ssh/sshd_config", { line: "PermitRootLogin no", match: "^#?PermitRootLogin" })`,
  },
  {
    name: "commands",
    resources: `
      file("/srv/in", { content: "b\\na\\n" }),
      command("sort", { run: ["sh", "-c", "sort /srv/in >/srv/out"], check: ["test", "-e", "/srv/out"] }),
      pkg("ca-certificates"),
      command("own", { run: ["sh", "-c", "chown daemon:daemon /srv/out; chmod 640 /srv/out"], check: ["sh", "-c", "test $(stat -c %U /srv/out) = daemon"] }),
      file("/srv/after", { content: "x" })`,
  },
  {
    name: "purge",
    resources: `
      pkg("nginx-light"), directory("/etc/nginx/sites-enabled", { purge: true }),
      directory("/etc/nginx/snippets", { purge: true }), file("/etc/nginx/snippets/own.conf", { content: "# own\\n" })`,
  },
  {
    name: "python",
    resources: `pkg("python3-requests"), directory("/srv/state"), file("/srv/app/app.py", { content: "import requests\\n" })`,
    more: `run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/app", "8000"], writable: ["/srv/state"] },
      port: 8000, volumes: { data: "/srv/data" }`,
    volumes: ["row-1.data"],
  },
]
