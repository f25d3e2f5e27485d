import type { Step } from "../../contract/index.ts"

/** Neighbouring installations become one, and upgrades: apt is slow to start. A removed unit file is forgotten by systemd too. */
export const mergeSteps = (steps: readonly Step[]): readonly Step[] => {
  const merged: Step[] = []
  for (const step of steps) {
    const last = merged.at(-1)
    if (step.do === "install-packages" && last?.do === "install-packages")
      merged[merged.length - 1] = { ...last, packages: [...last.packages, ...step.packages] }
    else if (step.do === "upgrade-packages" && last?.do === "upgrade-packages")
      merged[merged.length - 1] = { ...last, packages: [...last.packages, ...step.packages] }
    else if (step.do === "write-file") writeOnce(merged, step)
    else merged.push(step)
    if (step.do === "remove-path" && step.path.startsWith("/etc/systemd/system/")) merged.push({ do: "reload-units" })
  }
  return merged
}

type Write = Extract<Step, { readonly do: "write-file" }>

/** Of several writes to one file only the last counts, unless something happens in between that may have looked at it. */
const writeOnce = (merged: Step[], step: Write): void => {
  const before = merged.findLastIndex((other) => other.do !== "write-file" || other.path === step.path)
  const same = merged[before]
  if (same?.do === "write-file") merged[before] = step
  else merged.push(step)
}
