// debian: systemd-container mmdebstrap iproute2 iptables
// `npm run test:tampering`: a machine is tampered with in every way of test/tampering/kinds.ts, after it has lived for a
// while; `fireclay drift` and what people use today are asked what they see, before and after. Writes
// bench/results/tampering.json and docs/reference/tampering.md. `-- --json` prints the document.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readCommit, readMachine, readOptions, say, writeResults } from "../bench/support/results.ts"
import { makeProject, type TestProject } from "../test/support/project.ts"
import { day } from "../test/tampering/day.ts"
import { names, tamperings } from "../test/tampering/kinds.ts"
import { withTampering } from "../test/tampering/page.ts"
import { peers } from "../test/tampering/peers.ts"
import { configOf, volumes } from "../test/tampering/project.ts"

/** What a server has besides, whose timers and jobs are part of its day. */
const lively = ["faketime", "logrotate", "man-db", "nginx-light", "rsyslog"]

interface Answer {
  /** Lines on a machine that nobody had touched: false alarms. */
  readonly false: readonly string[]
  readonly after: string
}

const main = async (): Promise<void> => {
  const options = readOptions()
  const project = await makeProject("tampering")
  try {
    const answers = await play(project)
    const rows = tamperings.map((tampering) => ({
      what: tampering.what,
      seenBy: [...answers]
        .filter(([name, { after }]) =>
          name === ours ? after.split("\0").includes(tampering.found) : names(after, tampering),
        )
        .map(([name]) => name),
    }))
    const tools = [...answers].map(([name, { false: alarms }]) => ({
      name,
      found: rows.filter(({ seenBy }) => seenBy.includes(name)).length,
      falseAlarms: alarms,
    }))
    const document = {
      name: "tampering",
      commit: await readCommit(),
      date: new Date().toISOString(),
      machine: readMachine(),
      tools,
      rows,
    }
    const text = writeResults("tampering", document)
    const page = join(import.meta.dirname, "../docs/reference/tampering.md")
    writeFileSync(page, withTampering(readFileSync(page, "utf8"), document))
    process.stdout.write(
      options.json
        ? text
        : tools
            .map(
              ({ name, found, falseAlarms }) =>
                `${name}: ${found} of ${rows.length}, false alarms ${falseAlarms.length}\n`,
            )
            .join(""),
    )
    process.exitCode = tools.some(
      ({ name, found, falseAlarms }) => name === ours && (found < rows.length || falseAlarms.length > 0),
    )
      ? 1
      : 0
  } finally {
    const { exitCode, stderr } = await project.fireclay("destroy", "--yes", ...volumes)
    if (exitCode !== 0) say(stderr)
    await project.dispose()
  }
}

const ours = "fireclay drift"

const play = async (project: TestProject): Promise<ReadonlyMap<string, Answer>> => {
  await project.write(
    "fireclay.config.ts",
    configOf("hello", [...lively, ...peers.flatMap(({ packages }) => packages)]),
  )
  say("making the machines, with all tools on them")
  const { exitCode, stderr } = await project.fireclay("apply", "--yes")
  if (exitCode !== 0) throw new Error(stderr)
  const on = async (script: string): Promise<string> => {
    const { json } = await project.fireclay("exec", "pets-1", "--", "bash", "-c", script)
    return json.machines[0].stdout
  }
  const looks: readonly (readonly [name: string, look: () => Promise<string>])[] = [
    [ours, () => drift(project)],
    ...peers.map(({ name, look }) => [name, () => on(look)] as const),
  ]
  for (const { name, prepare } of peers) {
    say(`${name}: preparing`)
    await on(prepare)
  }
  say(`a day goes by: ${(await on(day)).trim().split("\n").length} things were done`)
  const before = new Map<string, string>()
  for (const [name, look] of looks) before.set(name, await look())
  say(`tampering in ${tamperings.length} ways`)
  await on(tamperings.map(({ script }) => `(${script}\n)`).join("\n"))
  const answers = new Map<string, Answer>()
  for (const [name, look] of looks) {
    say(`${name}: looking`)
    answers.set(name, { false: alarmsIn(before.get(name) ?? ""), after: await look() })
  }
  return answers
}

/** One thing a line, as the tests have them. */
const drift = async (project: TestProject): Promise<string> => {
  const { json } = await project.fireclay("drift", "pets")
  const machine = json.fleets[0].machines.find((each: { readonly machine: string }) => each.machine === "pets-1")
  return [
    ...machine.declared.map(({ id }: { readonly id: string }) => id),
    ...machine.undeclared.map(
      (finding: { readonly kind: string; readonly what: string; readonly change: string }) =>
        `${finding.change} ${finding.kind} ${finding.what}`,
    ),
  ].join("\0")
}

/** Lines that name something. */
const alarmsIn = (text: string): readonly string[] => {
  const lines = text.split("\n").filter((line) => /\/[a-z]|TASK|noop/.test(line))
  return [
    ...new Set(lines.filter((line) => !/^(Start|End|The attributes|File:)|AIDE|database|\/aide/.test(line))),
  ].slice(0, 200)
}

await main()
