import type { CommandEntry } from "./commands.ts"

/** What people say to a rollout that is under way. */
export const rolloutCommands: readonly CommandEntry[] = [
  {
    name: "promote",
    summary: "let a rollout that waits go on: switch, or take the next step",
    words: "<fleet>",
    flags: [["--full", "skip all steps that are left"]],
    example: "fireclay promote web",
    load: async () => (await import("./commands/tell.ts")).promote,
  },
  {
    name: "pause",
    summary: "hold a rollout before its next move",
    words: "<fleet>",
    flags: [],
    example: "fireclay pause web",
    load: async () => (await import("./commands/tell.ts")).pause,
  },
  {
    name: "resume",
    summary: "let a rollout that was paused or came to no verdict go on",
    words: "<fleet>",
    flags: [],
    example: "fireclay resume web",
    load: async () => (await import("./commands/tell.ts")).resume,
  },
  {
    name: "abort",
    summary: "lead a rollout back to where it began",
    words: "<fleet>",
    flags: [],
    example: "fireclay abort web",
    load: async () => (await import("./commands/tell.ts")).abort,
  },
]
