import { cpus, release, totalmem, type } from "node:os"
import { textOf } from "./proc.ts"

/** What this computer is, as a measurement has to say it. */
export interface MachineFacts {
  readonly cpus: number
  readonly model: string
  readonly memoryBytes: number
  readonly system: string
  readonly kernel: string
  readonly node: string
}

export const machineFacts = (): MachineFacts => {
  const cores = cpus()
  return {
    cpus: cores.length,
    model: cores[0]?.model.trim() ?? "unknown",
    memoryBytes: totalmem(),
    system: systemIn(textOf("/etc/os-release") ?? "") ?? type(),
    kernel: release(),
    node: process.version,
  }
}

/** `Debian GNU/Linux 12 (bookworm)`, from the text of `os-release`. */
export const systemIn = (text: string): string | undefined => text.match(/^PRETTY_NAME="?(.+?)"?$/m)?.[1]
