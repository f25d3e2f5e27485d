import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { lastLines, run } from "../../src/system/process.ts"
import type { Case, Side, Site } from "./side.ts"

const version = "3.10.0"
const home = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "pyinfra")

/** pyinfra in a Python environment of its own; `undefined` where its registry cannot be reached. */
export const pyinfra = async (): Promise<Side | undefined> => {
  if (!(await install())) return undefined
  return {
    name: `pyinfra ${version}`,
    prepare: async (site) => {
      writeFileSync(join(site.directory, "pyinfra-hosts.py"), inventory(site))
      writeFileSync(join(site.directory, "pyinfra-deploy.py"), deploy)
      writeFileSync(join(site.directory, "pyinfra-work.json"), JSON.stringify(site.work))
    },
    run: async (site, which) => {
      const words = [which === "preview" ? "--dry" : "--yes", "pyinfra-hosts.py", "pyinfra-deploy.py"]
      const argv = [join(home, "bin", "pyinfra"), ...words]
      const { exitCode, stdout, stderr } = await run(argv, { cwd: site.directory })
      const said = `${stdout}${stderr}`
      const wrong = exitCode !== 0 ? `ended with ${exitCode}` : misfit(said, which, site)
      if (wrong !== undefined) throw new Error(`pyinfra ${wrong}:\n${lastLines(said, 40).join("\n")}`)
    },
  }
}

const install = async (): Promise<boolean> => {
  if (existsSync(join(home, "bin", "pyinfra"))) return true
  mkdirSync(home, { recursive: true })
  const made = await run(["python3", "-m", "venv", home])
  if (made.exitCode !== 0) return false
  const { exitCode } = await run([join(home, "bin", "pip"), "install", "--quiet", `pyinfra==${version}`])
  return exitCode === 0
}

/** Operations that changed something, of all hosts. Its shell operations always run: they look for themselves. */
const misfit = (said: string, which: Case, { hosts, work }: Site): string | undefined => {
  if (which === "preview") return undefined
  const [, changed] = /Grand total +\d+ +(\d+|-)/.exec(said) ?? []
  const { commands, ...others } = work
  const all = Object.values(others).reduce((sum, items) => sum + items.length, 0)
  const right = { "first apply": all, "no change": 0, "one changed file": 1 }[which] + commands.length
  return Number(changed) === right * hosts.length ? undefined : `changed ${changed}, not ${right * hosts.length}`
}

const inventory = ({ hosts, sshConfig }: Site): string =>
  `web = ([${hosts.map((host) => `"${host}"`).join(", ")}], {"ssh_config_file": "${sshConfig}", "ssh_strict_host_key_checking": "yes"})\n`

const deploy = `import json
from pyinfra.operations import files, server

with open("pyinfra-work.json") as handle:
    work = json.load(handle)

for number in work["users"]:
    server.user(name=f"user {number}", user=f"bench{number}", system=True, create_home=False, shell="/usr/sbin/nologin")
for number in work["directories"]:
    files.directory(name=f"directory {number}", path=f"/srv/bench/directories/{number}", mode="750")
for number in work["files"]:
    files.put(name=f"file {number}", src=f"files/{number}.conf", dest=f"/srv/bench/files/{number}.conf", mode="644")
for number in work["templates"]:
    files.template(name=f"template {number}", src=f"templates/{number}.conf", dest=f"/srv/bench/templates/{number}.conf", mode="644", port=8000 + int(number))
for number in work["links"]:
    files.link(name=f"link {number}", path=f"/srv/bench/links/{number}", target=f"../files/{number}.conf")
for number in work["lines"]:
    files.line(name=f"line {number}", path=f"/srv/lines/{number}.conf", line=f"bench = {number}")
for number in work["commands"]:
    server.shell(name=f"command {number}", commands=[f"test -e /srv/bench/done-{number} || touch /srv/bench/done-{number}"])
`
