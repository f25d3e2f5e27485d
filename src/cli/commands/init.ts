import { existsSync } from "node:fs"
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises"
import { basename, join, resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import type { Command } from "../command.ts"

/** Writes a configuration to start from. Overwrites nothing. */
export const init: Command<object> = async ({ output, options }, _options, directory = ".") => {
  const target = resolve(options.directory ?? process.cwd(), directory)
  const file = join(target, "fireclay.config.ts")
  if (existsSync(file))
    throw new FireclayError("FC_CONFIG_EXISTS", `${file} exists`, {
      at: file,
      remedy: "edit it, or choose another directory",
    })
  await mkdir(join(target, "app"), { recursive: true })
  const page = join(target, "app", "index.html")
  await writeFile(file, starter(projectName(target)), { flag: "wx" })
  if (!existsSync(page)) await writeFile(page, "<h1>It works</h1>\n")
  await ignoreState(target)
  output.print(
    `${output.paint("green", "✓")} ${file}\n\n  fireclay doctor    is everything here that is needed?\n  fireclay plan      what would happen?\n  fireclay apply     make it so`,
  )
  output.answer({ file })
  return 0
}

const projectName = (directory: string): string => {
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "-")
  return /^[a-z_]/.test(name) ? name.slice(0, 41) : "project"
}

/** The state is this computer's; the configuration is the team's. */
const ignoreState = async (directory: string): Promise<void> => {
  const file = join(directory, ".gitignore")
  const text = existsSync(file) ? await readFile(file, "utf8") : ""
  if (!text.split("\n").includes(".fireclay/"))
    await appendFile(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}.fireclay/\n`)
}

const starter = (
  name: string,
): string => `import { blueGreen, debian, defineProject, fleet, inPlace, local, replace, rolling, spec } from "fireclay"
import { file, pkg, user } from "fireclay/resources"

const web = spec("web", {
  base: debian("bookworm"),
  resources: [
    pkg("python3"),
    user("web", { system: true }),
    file("/srv/web/index.html", { source: "./app/index.html", owner: "web" }),
  ],
  run: { command: ["/usr/bin/python3", "-m", "http.server", "--directory", "/srv/web", "8000"], user: "web" },
  port: 8000,
  health: { path: "/", within: "30s" },
})

export default defineProject({
  name: "${name}",
  fleets: {
    // The same spec, delivered both ways. Keep the one you like.
    pets: fleet(web, { on: local({ machines: 2 }), by: inPlace({ strategy: rolling({ batch: 1 }) }), listen: 8080 }),
    cattle: fleet(web, { on: local({ count: 2 }), by: replace({ strategy: blueGreen() }), listen: 8081 }),
  },
})
`
