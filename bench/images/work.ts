import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export type Case = "cold" | "unchanged" | "late change"

/** In the order in which a round goes through them: each leaves behind what the next one begins with. */
export const everyCase: readonly Case[] = ["cold", "unchanged", "late change"]

const upTo = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1).padStart(3, "0"))

/** Five steps that make 100 resources: accounts; files and templates; small edits; the application; what is made of it. */
export const work = {
  users: upTo(5),
  directories: upTo(10),
  files: upTo(59),
  templates: upTo(10),
  /** Files of the base that get a line. */
  lines: ["profile", "bash.bashrc", "login.defs", "host.conf", "nsswitch.conf"],
  links: upTo(5),
  commands: upTo(3),
  /** Comes late, as what changes most should. */
  application: "/srv/bench/app.js",
  /** Commands that make something of it. */
  made: [
    ["sh", "-c", "sha256sum /srv/bench/app.js >/srv/bench/app.js.sum"],
    ["gzip", "--keep", "--no-name", "/srv/bench/app.js"],
  ],
} as const

/** For Fireclay: `files/`, about 2 KB each, `templates/` and `app.js`. */
export const writeProject = (directory: string): void => {
  for (const part of ["files", "templates"]) mkdirSync(join(directory, part), { recursive: true })
  for (const number of work.files) writeFileSync(join(directory, "files", `${number}.conf`), textOf(number, 40))
  for (const number of work.templates)
    writeFileSync(join(directory, "templates", `${number}.conf`), `listen {{ port }}\n${textOf(number, 20)}`)
}

/** For sides that copy: `tree/`, the same files as they shall lie below /srv/bench, and `app.js`. */
export const writeContext = (directory: string): void => {
  const tree = join(directory, "tree")
  for (const part of ["files", "templates"]) mkdirSync(join(tree, part), { recursive: true })
  for (const number of work.files) writeFileSync(join(tree, "files", `${number}.conf`), textOf(number, 40))
  for (const number of work.templates)
    writeFileSync(join(tree, "templates", `${number}.conf`), `listen ${8000 + Number(number)}\n${textOf(number, 20)}`)
}

/** Another application of the same size: one that no build has seen yet. */
export const writeApplication = (directory: string, turn: string): void =>
  writeFileSync(join(directory, "app.js"), `// turn ${turn}\n${textOf("app", 200)}`)

const textOf = (number: string, count: number): string =>
  upTo(count)
    .map((line) => `setting.${line}.of.file.${number} = a value of some length ${line}${number}\n`)
    .join("")

const each = (names: readonly string[]): string => names.join(" ")

/** The steps of those that are told by shell commands; `tree/` and `app.js` are copied. */
export const steps = {
  accounts: `for n in ${each(work.users)}; do useradd --system --no-create-home --shell /usr/sbin/nologin bench$n; done`,
  edits: [
    `for n in ${each(work.directories)}; do install -d -m 0750 /srv/bench/directories/$n; done`,
    `for n in ${each(work.lines)}; do grep -qxF "# bench $n" /etc/$n || echo "# bench $n" >>/etc/$n; done`,
    "mkdir -p /srv/bench/links",
    `for n in ${each(work.links)}; do ln -s ../files/$n.conf /srv/bench/links/$n; done`,
    `for n in ${each(work.commands)}; do touch /srv/bench/done-$n; done`,
  ].join("; "),
  made: "sha256sum /srv/bench/app.js >/srv/bench/app.js.sum; gzip --keep --no-name /srv/bench/app.js",
} as const

/** For those that read one. */
export const dockerfile = (base: string): string =>
  [
    `FROM ${base}`,
    `RUN ${steps.accounts}`,
    "COPY tree/ /srv/bench/",
    `RUN ${steps.edits}`,
    `COPY app.js ${work.application}`,
    `RUN ${steps.made}`,
    "",
  ].join("\n")
