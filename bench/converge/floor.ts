import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../src/system/process.ts"
import type { Case, Side, Site } from "./side.ts"
import { filledTemplate, type Work } from "./work.ts"

/**
 * What a person would write who knows exactly what these servers need: one script over one connection to each, all at
 * the same time. It sends what it knows to be missing, journals nothing, and could take nothing back.
 */
export const floor: Side = {
  name: "hand-written script",
  prepare: async (site) => {
    writeTar(site, "all.tar", site.work)
    writeFileSync(join(site.directory, "look.sh"), lookScript(site.work))
    writeFileSync(join(site.directory, "apply.sh"), applyScript(site.work))
  },
  run: async (site, which) => {
    if (which === "one changed file") writeTar(site, "one.tar", { ...nothing, files: ["001"] })
    const outputs = await Promise.all(site.hosts.map((host) => onHost(site, host, which)))
    const wrong = outputs.find((output) => !isRight(output, which, site.work))
    if (wrong !== undefined) throw new Error(`the script answered:\n${wrong.slice(-600)}`)
  },
}

const nothing: Work = { files: [], templates: [], directories: [], users: [], lines: [], links: [], commands: [] }

const onHost = async (site: Site, host: string, which: Case): Promise<string> => {
  const read = (name: string): Buffer => readFileSync(join(site.directory, name))
  const [script, input] = {
    "first apply": () => [read("apply.sh"), read("all.tar")] as const,
    "one changed file": () => [`tar -xpf - -C /\n${read("look.sh")}`, read("one.tar")] as const,
    "no change": () => [read("look.sh"), Buffer.alloc(0)] as const,
    preview: () => [read("look.sh"), Buffer.alloc(0)] as const,
  }[which]()
  const argv = ["ssh", "-F", site.sshConfig, host, script.toString()]
  const { exitCode, stdout, stderr } = await run(argv, { input })
  if (exitCode !== 0) throw new Error(`ssh ${host} ended with ${exitCode}: ${stderr}`)
  return stdout.toString()
}

/** It must have looked at every one of them, and found them there. */
const isRight = (output: string, which: Case, work: Work): boolean => {
  if (which === "first apply") return output.trim().endsWith("applied")
  const count = (pattern: RegExp): number => output.match(pattern)?.length ?? 0
  return (
    count(/^path /gm) === pathsOf(work).length &&
    count(/^[0-9a-f]{64} {2}/gm) === work.files.length + work.templates.length &&
    count(/^bench\d+:[^:]*:\d+:\d+:/gm) === work.users.length &&
    count(/^line 0$/gm) === work.lines.length &&
    count(/^command 0$/gm) === work.commands.length
  )
}

const filesOf = (work: Work): readonly string[] => [
  ...work.files.map((number) => `/srv/bench/files/${number}.conf`),
  ...work.templates.map((number) => `/srv/bench/templates/${number}.conf`),
]

const pathsOf = (work: Work): readonly string[] => [
  ...filesOf(work),
  ...work.directories.map((number) => `/srv/bench/directories/${number}`),
  ...work.links.map((number) => `/srv/bench/links/${number}`),
]

const lookScript = (work: Work): string =>
  [
    "export LC_ALL=C",
    `stat -c 'path %N %f %U %G %s' ${pathsOf(work).join(" ")}`,
    `sha256sum ${filesOf(work).join(" ")}`,
    `getent passwd ${work.users.map((number) => `bench${number}`).join(" ")}`,
    "getent group",
    `for n in ${work.lines.join(" ")}; do grep -qxF "bench = $n" /srv/lines/$n.conf; echo "line $?"; done`,
    `for n in ${work.commands.join(" ")}; do test -e /srv/bench/done-$n; echo "command $?"; done`,
    "exit 0",
  ].join("\n")

const applyScript = (work: Work): string =>
  [
    "set -e",
    ...work.users.map((number) => `useradd --system --no-create-home --shell /usr/sbin/nologin bench${number}`),
    "tar -xpf - -C /",
    `for n in ${work.lines.join(" ")}; do grep -qxF "bench = $n" /srv/lines/$n.conf || echo "bench = $n" >>/srv/lines/$n.conf; done`,
    `for n in ${work.commands.join(" ")}; do test -e /srv/bench/done-$n || touch /srv/bench/done-$n; done`,
    "sync -f /srv/bench",
    "echo applied",
  ].join("\n")

/** Directories, files, filled templates and links, as they shall stand. */
const writeTar = (site: Site, name: string, work: Work): void => {
  const stage = join(site.directory, "stage")
  rmSync(stage, { recursive: true, force: true })
  const at = (path: string): string => join(stage, "srv/bench", path)
  for (const part of ["files", "templates", "directories", "links"]) mkdirSync(at(part), { recursive: true })
  for (const number of work.files) cpSync(join(site.directory, "files", `${number}.conf`), at(`files/${number}.conf`))
  for (const number of work.templates) writeFileSync(at(`templates/${number}.conf`), filledTemplate(number))
  for (const number of work.directories) mkdirSync(at(`directories/${number}`), { mode: 0o750 })
  for (const number of work.links) symlinkSync(`../files/${number}.conf`, at(`links/${number}`))
  const argv = ["--owner=root", "--group=root", "-cf", join(site.directory, name), "-C", stage, "srv/bench"]
  const { status, stderr } = spawnSync("tar", argv)
  if (status !== 0) throw new Error(`tar: ${stderr}`)
}
