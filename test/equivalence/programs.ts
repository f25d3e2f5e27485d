import type { Recipe } from "../support/recipes.ts"

/** What runs, what it is given, where it may write, and what it stands on. */
export const programRows: readonly Recipe[] = [
  {
    name: "program",
    resources: `user("app", { system: true }), file("/srv/app/index.html", { content: "x\\n", owner: "app" }),
      directory("/var/lib/app", { owner: "app" })`,
    more: `run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/app", "8000"], user: "app",
        environment: { GREETING: "good day" }, writable: ["/var/lib/app"] }, port: 8000, health: { path: "/", within: "30s" }`,
  },
  {
    name: "secret-variable",
    resources: `user("app", { system: true })`,
    more: `run: { command: ["/bin/sleep", "infinity"], user: "app", environment: { TOKEN: secret("TOKEN", { command: ["echo", "hunter2hunter2"] }) } }`,
  },
  {
    name: "processes",
    resources: `user("app", { system: true }), file("/srv/migrate", { content: "#!/bin/sh\\ntouch /srv/data/migrated\\n", mode: 0o755 })`,
    more: `run: { command: ["/bin/sleep", "infinity"], user: "app" }, processes: { worker: { command: ["/bin/sleep", "infinity"], user: "app" } },
      release: { command: ["/srv/migrate"] }, volumes: { data: { path: "/srv/data", access: "shared" } }`,
    volumes: ["data"],
  },
  {
    name: "procfile",
    resources: `user("app", { system: true })`,
    more: `...procfile("./app", { to: "/srv/app", port: 8000, user: "app" })`,
    files: {
      "app/Procfile": 'web: exec python3 -m http.server "$PORT"\nworker: sleep 1000\nrelease: true\n',
      "app/index.html": "hello\n",
      "app/static/deep/style.css": "p {}\n",
    },
  },
  {
    name: "user-data",
    resources: `file("/etc/motd", { content: "hello\\n" })`,
    more: `userData: { "node.json": '{ "id": "{{ name }}" }', token: secret("TOKEN", { command: ["echo", "hunter2hunter2"] }) },
      run: { command: ["/bin/sleep", "infinity"] }`,
  },
  {
    name: "templates",
    resources: `
      file("/etc/app.conf", { template: "./app.conf", variables: { port: 8080, name: "shop" }, mode: 0o640, group: "daemon" }),
      file("/etc/app.bin", { source: "./app.bin" })`,
    files: { "app.conf": "port = {{ port }}\nname = {{ name }}\n", "app.bin": "\u0000\u0001\u0002" },
  },
  {
    name: "facts",
    resourcesOf: `(machine) => [file("/etc/where", { content: machine.os.codename + "\\n" }), ...(machine.os.id === "debian" ? [pkg("jq")] : [])]`,
  },
  {
    name: "hybrid",
    prelude: `const platform = spec("platform", { resources: [pkg("cron"), user("deploy"), file("/etc/motd", { content: "platform\\n" })] })`,
    resources: `file("/etc/cron.d/own", { content: "0 3 * * * deploy true\\n" }), pkg("jq"), service("cron")`,
    more: `base: from(platform)`,
  },
  {
    name: "trixie",
    resources: `pkg("jq"), user("ann"), file("/etc/motd", { content: "x\\n" }), service("ssh")`,
    more: `base: debian("trixie")`,
  },
]
