import type { PlanContext, Step } from "../../contract/index.ts"
import { readable } from "../readable.ts"

/** What the steps of a plan so far will have done: what comes after them in the same plan finds it. */
export class Earlier implements Pick<PlanContext, "willExist" | "gone" | "written"> {
  readonly willExist = new Set<string>()
  readonly gone = new Set<string>()
  readonly written = new Map<string, string>()
  /** Texts that were made by the plan itself, by sha256. */
  readonly texts = new Map<string, string>()
  readonly #bytes: ReadonlyMap<string, Uint8Array>

  /** @param bytes what the description's own contents are, by sha256 */
  constructor(bytes: ReadonlyMap<string, Uint8Array>) {
    this.#bytes = bytes
  }

  add(steps: readonly Step[], texts: ReadonlyMap<string, string> = new Map()): void {
    for (const [digest, text] of texts) this.texts.set(digest, text)
    for (const step of steps) if ("path" in step) this.#remember(step)
  }

  #remember(step: Extract<Step, { readonly path: string }>): void {
    if (step.do === "set-ownership") return
    this.written.delete(step.path)
    if (step.do === "remove-path") {
      this.gone.add(step.path)
      this.willExist.delete(step.path)
      return
    }
    this.gone.delete(step.path)
    if (step.do === "make-directory") this.willExist.add(step.path)
    if (step.do !== "write-file") return
    const { sha256 } = step.content
    const text = this.texts.get(sha256) ?? readable(this.#bytes.get(sha256))
    if (text !== undefined) this.written.set(step.path, text)
  }
}
