import { allAtOnce, blueGreen, defineProject, fleet, inPlace, local, replace, spec } from "fireclay"
import { file, pkg, user } from "fireclay/resources"

const app = spec("greeter", {
  resources: [
    pkg("nodejs"),
    user("greeter", { system: true }),
    file("/srv/greeter/server.js", { source: "./server.js", owner: "greeter" }),
  ],
  run: {
    command: ["/usr/bin/node", "/srv/greeter/server.js"],
    user: "greeter",
    environment: { GREETING: "Good day", NODE_ENV: "production" },
  },
  port: 3000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "greeter",
  fleets: {
    staging: fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }), listen: 8082 }),
    production: fleet(app, { on: local({ count: 2 }), by: replace({ strategy: blueGreen() }), listen: 8083 }),
  },
})
