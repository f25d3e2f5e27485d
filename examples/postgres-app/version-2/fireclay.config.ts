import { allAtOnce, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { file, pkg, service, user } from "fireclay/resources"

const notebook = spec("notebook", {
  resources: [
    pkg("postgresql"),
    pkg("python3-psycopg2"),
    user("notes", { system: true }),
    file("/etc/postgresql/15/main/conf.d/notebook.conf", { content: "listen_addresses = ''\n" }),
    service("postgresql", { restartOn: ["/etc/postgresql/15/main/conf.d/notebook.conf"] }),
    file("/srv/notebook/migrate", { source: "./migrate", mode: 0o755 }),
    file("/srv/notebook/app.py", { source: "./app.py" }),
  ],
  run: {
    command: ["/usr/bin/python3", "/srv/notebook/app.py"],
    user: "notes",
    restartOn: ["/srv/notebook/app.py"],
  },
  release: { command: ["/srv/notebook/migrate"], user: "postgres", timeout: "1m" },
  volumes: { data: "/var/lib/postgresql" },
  port: 8000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "notebook",
  fleets: {
    pet: fleet(notebook, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }), listen: 8084 }),
    herd: fleet(notebook, {
      on: local({ count: 1 }),
      by: replace({ strategy: allAtOnce() }),
      listen: 8085,
      hold: "30s",
    }),
  },
})
