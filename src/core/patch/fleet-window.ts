import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { FireclayError, type Fleet } from "../../contract/index.ts"
import type { Workbench } from "../workbench.ts"
import { type Span, type WindowState, windowAt } from "./window.ts"

/** Whether a fleet may be patched now: with whatever is offered, and with security updates alone. */
export interface FleetWindow {
  readonly all: WindowState
  readonly security: WindowState
}

/**
 * By the fleet's windows, and the calendars among them.
 *
 * @throws FireclayError FC_PATCH_WINDOW
 */
export const fleetWindow = async (bench: Workbench, { name, patch }: Fleet): Promise<FleetWindow> => {
  const nowMs = bench.now()
  const spans: Span[] = []
  for (const [index, window] of (patch?.windows ?? []).entries())
    if (window.kind === "calendar") {
      const { readCalendar } = await import("./calendar.ts")
      const text = readText(bench.directory, window.ics, `fleets.${name}.patch.window[${index}].ics`)
      spans.push(...(await readCalendar(text, window.ics, nowMs)))
    }
  return { all: windowAt(patch, spans, nowMs), security: windowAt(patch, spans, nowMs, true) }
}

const readText = (directory: string, file: string, at: string): string => {
  try {
    return readFileSync(resolve(directory, file), "utf8")
  } catch (cause) {
    throw new FireclayError("FC_PATCH_WINDOW", `the calendar ${file} cannot be read`, {
      at,
      remedy: `paths are relative to ${directory}`,
      cause,
    })
  }
}
