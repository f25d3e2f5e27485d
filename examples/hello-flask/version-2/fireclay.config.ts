import { blueGreen, debian, defineProject, fleet, inPlace, local, replace, rolling, spec } from "fireclay"
import { file, pkg, user } from "fireclay/resources"

const app = spec("hello", {
  base: debian("bookworm"),
  resources: [
    pkg("python3-flask"),
    user("app", { system: true }),
    file("/srv/app/app.py", { source: "./app.py", owner: "app" }),
  ],
  run: { command: ["/usr/bin/python3", "/srv/app/app.py"], user: "app" },
  port: 5000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "hello",
  fleets: {
    pets: fleet(app, { on: local({ machines: 3 }), by: inPlace({ strategy: rolling({ batch: 1 }) }), listen: 8080 }),
    cattle: fleet(app, { on: local({ count: 3 }), by: replace({ strategy: blueGreen() }), listen: 8081 }),
  },
})
