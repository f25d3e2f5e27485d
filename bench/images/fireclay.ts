import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { removeTree } from "../../src/engines/local/files.ts"
import { place } from "../../src/engines/local/place.ts"
import { lastLines, run } from "../../src/system/process.ts"
import type { Side } from "./side.ts"
import { work } from "./work.ts"

const bin = join(import.meta.dirname, "..", "..", "bin", "fireclay.js")

/** The built command, as a user starts it: `fireclay build web`. */
export const fireclay = (directory: string): Side => {
  // Where this project's layers and images lie.
  const { home } = place({ project: "bench", projectDirectory: directory })
  const forget = async (): Promise<void> => {
    await removeTree(home)
    rmSync(join(directory, ".fireclay"), { recursive: true, force: true })
  }
  return {
    name: "Fireclay",
    cases: ["cold", "unchanged", "late change"],
    prepare: async () => writeFileSync(join(directory, "fireclay.config.ts"), config),
    forget,
    build: async (which) => {
      const argv = [process.execPath, bin, "-C", directory, "build", "web"]
      const { exitCode, stdout, stderr } = await run(argv, { env: { ...process.env, FIRECLAY_BUILT: "1" } })
      if (exitCode !== 0) throw new Error(`fireclay build ended with ${exitCode}:\n${lastLines(stderr).join("\n")}`)
      const said = { cold: "2 of 2 layers baked", unchanged: "unchanged", "late change": "1 of 2 layers baked" }[which]
      if (!stdout.includes(said)) throw new Error(`fireclay did something else than ${said}:\n${stdout}`)
    },
    dispose: forget,
  }
}

const config = `import { debian, defineProject, fleet, local, replace, rolling, spec } from "fireclay"
import { command, directory, file, line, link, user } from "fireclay/resources"

const work = ${JSON.stringify(work)}

const web = spec("web", {
  base: debian("bookworm"),
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
    ...work.lines.map((name) => line(\`/etc/\${name}\`, { line: \`# bench \${name}\` })),
    ...work.links.map((number) => link(\`/srv/bench/links/\${number}\`, { target: \`../files/\${number}.conf\` })),
    ...work.commands.map((number) =>
      command(\`done-\${number}\`, {
        check: ["test", "-e", \`/srv/bench/done-\${number}\`],
        run: ["touch", \`/srv/bench/done-\${number}\`],
      }),
    ),
    file(work.application, { source: "app.js" }),
    ...work.made.map((argv, index) => command(\`made-\${index}\`, { check: ["false"], run: argv })),
  ],
})

export default defineProject({
  name: "bench",
  fleets: { web: fleet(web, { on: local({ count: 1 }), by: replace({ strategy: rolling() }) }) },
})
`
