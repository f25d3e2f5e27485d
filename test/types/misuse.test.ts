import { expect, it } from "vitest"
import {
  allAtOnce,
  ansibleInventory,
  blueGreen,
  defineProject,
  docker,
  fleet,
  inPlace,
  local,
  procfile,
  replace,
  rolling,
  secret,
  spec,
  ssh,
  terraform,
} from "../../src/index.ts"
import { file, user } from "../../src/resources/index.ts"

// Compiled with the project: a misuse that the types let through is an unused directive, and so an error there. None of
// this is run.
const misuses = (): void => {
  const app = spec("app", { resources: [], port: 80 })
  fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling({ batch: 1 }) }) })
  fleet(app, { on: local({ count: 1 }), by: replace({ strategy: allAtOnce() }), listen: 80 })
  // @ts-expect-error blue-green starts a second set, which machines in place do not have
  inPlace({ strategy: blueGreen() })
  inPlace({ strategy: rolling({ batch: [1, "25%"], order: "shuffled" }) })
  // @ts-expect-error instances of an image are all alike: there is no order
  replace({ strategy: rolling({ batch: "50%", order: "sorted" }) })
  // @ts-expect-error a share has a percent sign
  rolling({ batch: "25" })
  spec("shop", { resources: [], volumes: { data: { path: "/srv/data", access: "shared", protect: true } } })
  spec("shop", { resources: [], ...procfile("./app", { to: "/srv/app", port: 80 }), health: { path: "/" } })
  // @ts-expect-error it is not said where the directory is put
  procfile("./app", { port: 80 })
  // @ts-expect-error what runs once is not restarted
  spec("shop", { resources: [], release: { command: ["/bin/true"], restartOn: [] } })
  // @ts-expect-error there is no such access
  spec("shop", { resources: [], volumes: { data: { path: "/srv/data", access: "both" } } })
  // @ts-expect-error what is not to be protected is not mentioned: to say false would not end a protection
  spec("shop", { resources: [], volumes: { data: { path: "/srv/data", protect: false } } })
  const kept = { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }) }
  fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), onDrift: "fix" })
  fleet(app, { on: local({ count: 1 }), by: replace({ strategy: blueGreen() }), onDrift: "replace" })
  // @ts-expect-error what is replaced is not put right in place
  fleet(app, { on: local({ count: 1 }), by: replace({ strategy: blueGreen() }), onDrift: "fix" })
  // @ts-expect-error machines that are kept are not replaced
  fleet(app, { on: local({ machines: 1 }), by: inPlace({ strategy: rolling() }), onDrift: "replace" })
  spec("app", { resources: [], drift: { ignore: [{ kind: "port", name: "udp *", reason: "of the agent" }] } })
  // @ts-expect-error a rule needs a reason
  spec("app", { resources: [], drift: { ignore: [{ path: "/etc/x" }] } })
  // @ts-expect-error a rule is about something
  spec("app", { resources: [], drift: { ignore: [{ reason: "of the agent" }] } })
  // @ts-expect-error there is no such kind
  spec("app", { resources: [], drift: { ignore: [{ kind: "ports", reason: "of the agent" }] } })
  // @ts-expect-error what is watched is a path
  spec("app", { resources: [], drift: { watch: [{ kind: "port", reason: "of the agent" }] } })
  fleet(app, { ...kept, patch: { window: ["Mon-Fri 02:00-04:00 UTC", { ics: "windows.ics" }], security: "daily" } })
  // @ts-expect-error a window has hours
  fleet(app, { ...kept, patch: { window: "Sun Europe/Berlin" } })
  // @ts-expect-error there is no such rhythm
  fleet(app, { ...kept, patch: { security: "weekly" } })
  // @ts-expect-error an age is a duration with its unit
  fleet(app, { ...kept, patch: { minimumAge: 3 } })
  // @ts-expect-error servers that exist cannot be replaced
  fleet(app, { on: ssh({ hosts: ["web1"] }), by: replace({ strategy: blueGreen() }) })
  // @ts-expect-error instances come and go; they are not converged
  fleet(app, { on: local({ count: 1 }), by: inPlace({ strategy: rolling() }) })
  fleet(app, { on: docker({ count: 1, memory: "64m" }), by: replace({ strategy: blueGreen() }) })
  // @ts-expect-error containers come and go; they are not converged
  fleet(app, { on: docker({ count: 1 }), by: inPlace({ strategy: rolling() }) })
  // @ts-expect-error containers are no machines that are kept
  docker({ machines: 1 })
  // @ts-expect-error machines that are kept are not replaced
  fleet(app, { on: local({ machines: 1 }), by: replace({ strategy: blueGreen() }) })
  spec("by machine", { resources: (machine) => [file("/etc/cpus", { content: String(machine.cpus) })] })
  // @ts-expect-error nothing that a machine says of itself
  spec("by machine", { resources: (machine) => [file("/etc/cpus", { content: machine.cores })] })
  // @ts-expect-error facts are numbers where they count something
  spec("by machine", { resources: ({ memoryBytes }) => [file("/etc/memory", { content: memoryBytes })] })
  // @ts-expect-error a list has to be at hand at once
  spec("by machine", { resources: async () => [] })
  // @ts-expect-error hosts are a list, or come from somewhere
  ssh({ hosts: "web1" })
  // @ts-expect-error a function for hosts answers a list of them
  ssh({ hosts: async () => [{ adress: "10.0.0.1" }] })
  // @ts-expect-error a password does not stand in a configuration
  ssh({ hosts: ["web1"], sudo: { password: "hunter2" } })
  // @ts-expect-error a jump host is a destination, not a command
  ssh({ hosts: ["web1"], jump: { command: "ssh bastion" } })
  // @ts-expect-error a host key is one host's, not a fleet's
  ssh({ hosts: ["web1"], hostKey: "ssh-ed25519 AAAA" })
  // @ts-expect-error an inventory's group is called group
  ssh({ hosts: ansibleInventory("hosts.ini", { groups: "web" }) })
  // @ts-expect-error a resource needs the attribute that is connected to
  ssh({ hosts: terraform({ state: "terraform.tfstate", resource: "aws_instance.web" }) })
  // @ts-expect-error resources are in a state, not in outputs
  ssh({ hosts: terraform({ file: "outputs.json", resource: "aws_instance.web", attribute: "public_ip" }) })
  // @ts-expect-error a key that no spec has
  spec("app", { resources: [], prot: 80 })
  // @ts-expect-error a key that no file has
  file("/etc/motd", { content: "", ownr: "root" })
  // @ts-expect-error a user is not told to be a system's with a word
  user("app", { system: "yes" })
  file("/token", { content: secret("TOKEN") })
  // @ts-expect-error a secret is no owner
  file("/token", { content: "", owner: secret("TOKEN") })
  // @ts-expect-error a word of a command would show in the list of processes
  spec("app", { resources: [], run: { command: ["/bin/login", secret("TOKEN")] } })
  // @ts-expect-error frozen
  app.port = 81
  // @ts-expect-error a fleet needs a delivery
  defineProject({ name: "x", fleets: { web: fleet(app, { on: local({ count: 1 }) }) } })
}

it("is checked by the compiler", () => {
  expect(misuses).toBeTypeOf("function")
})
