import { localEngine } from "../../../src/engines/index.ts"

// A controller of its own, to be killed while it works: bakes, creates and removes until it is.
const engine = localEngine(JSON.parse(process.argv[2] ?? "{}"))
const base = { distribution: "debian", suite: "bookworm", include: [] } as const
const common = {
  from: { base },
  fleet: "crash",
  volumes: [{ name: "data", path: "/srv/data", access: "shared" }],
  scratch: [],
} as const

// In an instance that boots no systemd.
const program = { command: ["/bin/sleep", "infinity"], environment: {} }

const bake = async (): Promise<string> => {
  const scratch = await engine.openScratch({ base })
  await scratch.machine.sh("mkdir /srv/many; for n in $(seq 300); do echo $n >/srv/many/$n; done")
  return (await scratch.commit()).digest
}

process.stdout.write("ready\n")
for (let round = 0; ; round++) {
  const [image] = await Promise.all([bake(), engine.create({ ...common, name: `pet-${round}` })])
  const web = { ...common, from: { image } }
  await Promise.all([
    engine.create({ ...web, name: `web-${round}-1` }),
    engine.create({ ...web, name: `web-${round}-2`, process: program }),
  ])
  await engine.remove(`web-${round}-1`)
}
