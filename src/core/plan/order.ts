import type { Step } from "../../contract/index.ts"

/** Neighbouring installations become one: apt is slow to start. A removed unit file is forgotten by systemd too. */
export const mergeSteps = (steps: readonly Step[]): readonly Step[] => {
  const merged: Step[] = []
  for (const step of steps) {
    const last = merged.at(-1)
    if (step.do === "install-packages" && last?.do === "install-packages")
      merged[merged.length - 1] = { ...last, packages: [...last.packages, ...step.packages] }
    else merged.push(step)
    if (step.do === "remove-path" && step.path.startsWith("/etc/systemd/system/")) merged.push({ do: "reload-units" })
  }
  return merged
}
