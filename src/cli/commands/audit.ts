import { FireclayError } from "../../contract/index.ts"
import { type Audited, auditLog, auditStore, exportLog, parseAnchor } from "../../core/index.ts"
import { type Command, type Context, type Opened, withProject } from "../command.ts"
import type { Output } from "../output.ts"
import { report } from "./audit-report.ts"

export interface AuditOptions {
  readonly anchor?: readonly string[]
  readonly out?: string
}

/** Whether the log is as it was written, and what it takes to ask that again elsewhere. */
export const audit: Command<AuditOptions> = (context, options, word = "", ...names) => {
  if (options.out !== undefined && word !== "report") throw usage(`audit ${word} writes no file`)
  if (word === "report") return report(context, options, ...names)
  const [path, more] = names
  if (more !== undefined || (path !== undefined && word !== "verify"))
    throw usage(`audit ${word} takes no ${more ?? path}`)
  switch (word) {
    case "verify":
      return path === undefined
        ? onProject(context, (opened) => verify(opened, options))
        : verifyFile(context, options, path)
    case "export":
      return onProject(context, exportAll)
    case "anchor":
      return onProject(context, showAnchor)
    default:
      throw usage(`"${word}" is nothing that audit can do`)
  }
}

const onProject = (context: Context, work: (opened: Opened) => Promise<number>): Promise<number> =>
  withProject(context, [], work, { hosts: false })

const verify = async ({ bench, output }: Opened, { anchor = [] }: AuditOptions): Promise<number> =>
  tell(output, await auditStore(bench.store, anchor.map(parseAnchor)))

const verifyFile = async ({ output }: Context, { anchor = [] }: AuditOptions, path: string): Promise<number> => {
  const anchors = anchor.map(parseAnchor)
  // Loaded here: most have the project at hand.
  const { readExportedLog } = await import("../../builtin/exported-log.ts")
  return tell(output, auditLog(await readExportedLog(path), anchors))
}

const tell = (output: Output, audited: Audited): number => {
  const { events, files, faults, anchor } = audited
  const fine = faults.length === 0
  const looked = `${countOf(events, "event")}${files === 0 ? "" : ` and ${countOf(files, "file")} of releases`}`
  for (const fault of faults) output.print(`${output.paint("red", "✗")} ${fault}`)
  output.print(fine ? `${output.paint("green", "✓")} ${looked}: as they were written` : `${looked} were looked at`)
  if (fine && anchor !== undefined) output.print(`  anchor  ${anchor}`)
  output.answer({ ...audited, whole: fine })
  return fine ? 0 : 1
}

const countOf = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`

/** One event a line, with `--json` too: each line is a document. */
const exportAll = async ({ bench }: Opened): Promise<number> => {
  for (const line of await exportLog(bench.store)) process.stdout.write(`${line}\n`)
  return 0
}

const showAnchor = async ({ bench, output }: Opened): Promise<number> => {
  const { anchor, faults, events } = await auditStore(bench.store, [])
  const [first] = faults
  if (first !== undefined)
    throw new FireclayError("FC_STORE_EDITED", first, { at: ".fireclay", remedy: "fireclay audit verify" })
  output.print(anchor ?? "the log is empty")
  output.answer({ anchor: anchor ?? null, events })
  return 0
}

const usage = (message: string): FireclayError =>
  new FireclayError("FC_USAGE", message, {
    remedy: "fireclay audit report, fireclay audit verify, fireclay audit export, or fireclay audit anchor",
  })
