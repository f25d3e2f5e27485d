import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { FireclayError } from "../../contract/index.ts"
import { auditReport, parseAnchor, redactDeep } from "../../core/index.ts"
import { type Command, withProject, workingDirectory } from "../command.ts"
import { ownVersion } from "../own-files.ts"

export interface AuditReportOptions {
  readonly anchor?: readonly string[]
  readonly out?: string
}

/** All that an auditor asks of fleets, as one page or as JSON. */
export const report: Command<AuditReportOptions> = (context, { anchor = [], out }, ...names) => {
  if (out === undefined && !context.options.json)
    throw new FireclayError("FC_USAGE", "where should the report go?", {
      at: "--out",
      remedy: "fireclay audit report -o audit.html, or --json",
    })
  const anchors = anchor.map(parseAnchor)
  return withProject(context, names, async ({ bench, fleets, output }) => {
    const audited = await auditReport(bench, fleets, anchors)
    output.answer({ ...audited })
    if (out !== undefined) {
      const { renderReport } = await import("../render/report/page.ts")
      const path = resolve(workingDirectory(context), out)
      const page = renderReport(redactDeep(audited, context.redactor.redact) as typeof audited, ownVersion())
      // Who may do what is nobody's business but its reader's.
      await writeFile(path, page, { mode: 0o600 })
      output.print(`${path}: ${fleets.length} fleets, ${audited.log.events} events`)
    }
    for (const fault of audited.log.faults) output.note(`the log is not what was written: ${fault}`)
    const problems = audited.fleets.flatMap(({ machines }) => machines).filter((machine) => "problem" in machine)
    return problems.length + audited.log.faults.length > 0 ? 1 : 0
  })
}
