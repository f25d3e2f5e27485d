import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import type { Side, Site } from "./side.ts"

const bin = join(import.meta.dirname, "..", "..", "bin", "fireclay.js")

/** The built command, as a user starts it. */
export const fireclay: Side = {
  name: "Fireclay",
  prepare: async (site) => writeFileSync(join(site.directory, "fireclay.config.ts"), config(site)),
  run: async (site, which) => {
    if (which === "first apply") rmSync(join(site.directory, ".fireclay"), { recursive: true, force: true })
    const { stdout } = await call(site, which === "preview" ? ["plan"] : ["apply", "--yes"])
    const said = which === "first apply" || which === "one changed file" ? "✓ web" : "othing to do"
    if (!stdout.includes(said)) throw new Error(`fireclay did something else:\n${stdout.slice(-800)}`)
  },
}

/** Peak resident memory of the controller's own process while nothing changes, in MB: its ssh clients apart. */
export const controllerMegabytes = async (site: Site): Promise<number> => {
  const { stderr } = await call(site, ["plan"], ["/usr/bin/time", "-f", "peak %M"])
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024
}

/** Round trips that looking took, of one host, as the plan says them. */
export const roundTrips = async (site: Site): Promise<number> => {
  const { stdout } = await call(site, ["plan", "--json"])
  const document = JSON.parse(stdout) as { fleets: { machines: { roundTrips: number }[] }[] }
  return Math.max(...document.fleets.flatMap(({ machines }) => machines.map((machine) => machine.roundTrips)))
}

const call = async (site: Site, words: readonly string[], before: readonly string[] = []) => {
  const argv = [...before, process.execPath, bin, "-C", site.directory, ...words]
  const { exitCode, stdout, stderr } = await run(argv, { env: { ...process.env, FIRECLAY_BUILT: "1" } })
  if (exitCode !== 0) throw new Error(`fireclay ${words[0]} ended with ${exitCode}:\n${lastLines(stderr).join("\n")}`)
  return { stdout: stdout.toString(), stderr: stderr.toString() }
}

const config = ({
  hosts,
  sshConfig,
  work,
}: Site): string => `import { allAtOnce, defineProject, fleet, inPlace, spec, ssh } from "fireclay"
import { command, directory, file, line, link, user } from "fireclay/resources"

const work = ${JSON.stringify(work)}

const web = spec("web", {
  resources: [
    ...work.users.map((number) => user(\`bench\${number}\`, { system: true })),
    ...work.directories.map((number) => directory(\`/srv/bench/directories/\${number}\`, { mode: 0o750 })),
    ...work.files.map((number) => file(\`/srv/bench/files/\${number}.conf\`, { source: \`files/\${number}.conf\` })),
    ...work.templates.map((number) =>
      file(\`/srv/bench/templates/\${number}.conf\`, {
        template: \`templates/\${number}.conf\`,
        variables: { port: 8000 + Number(number) },
      }),
    ),
    ...work.links.map((number) => link(\`/srv/bench/links/\${number}\`, { target: \`../files/\${number}.conf\` })),
    ...work.lines.map((number) => line(\`/srv/lines/\${number}.conf\`, { line: \`bench = \${number}\` })),
    ...work.commands.map((number) =>
      command(\`done-\${number}\`, {
        check: ["test", "-e", \`/srv/bench/done-\${number}\`],
        run: ["touch", \`/srv/bench/done-\${number}\`],
        undo: ["rm", "-f", \`/srv/bench/done-\${number}\`],
      }),
    ),
  ],
})

export default defineProject({
  name: "bench",
  fleets: {
    web: fleet(web, {
      on: ssh({ hosts: ${JSON.stringify(hosts.map((destination) => ({ destination, sshConfig })))} }),
      by: inPlace({ strategy: allAtOnce() }),
    }),
  },
})
`
