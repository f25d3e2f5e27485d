import { readFileSync } from "node:fs"

/**
 * When a process began, in ticks since the system did; `undefined`: there is none of that number, it is dead but not
 * buried, or this system does not say.
 */
export const processBegan = (pid: number): string | undefined => {
  try {
    // The second field is a name in parentheses, with anything in it.
    const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
    return state === "Z" || state === "X" ? undefined : rest[18]
  } catch {
    return undefined
  }
}

/** The process is gone, or another one has its number. In doubt it is not. */
export const isGone = ({ pid, began }: { readonly pid: number; readonly began?: string }): boolean => {
  if (began !== undefined && processBegan(process.pid) !== undefined) return processBegan(pid) !== began
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH"
  }
}
