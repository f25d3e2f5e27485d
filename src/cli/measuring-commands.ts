import type { CommandEntry } from "./commands.ts"

/** Commands that make fleets of their own and measure. */
export const measuringCommands: readonly CommandEntry[] = [
  {
    name: "compare",
    summary: "measure delivery in place against by replacement on your own application, on machines of its own",
    words: "[spec]",
    flags: [
      ["--from <version>", "directory of the project as it was, or number of a release; default: as it is here"],
      [
        "--to <version>",
        "as it will be, likewise; default: as it is here, or without --from the same with one file more",
      ],
      ["--size <number>", "machines of each fleet; default: 3"],
      ["--rate <number>", "requests a second; default: 300"],
      ["--runs <number>", "rounds; from 5 on a difference can be told from chance; default: 5"],
      ["--engine <name>", "what makes instances: local or docker; default: local"],
      ["--way <way>", "in-place or replace, and a strategy: replace:canary; twice or more", "repeatable"],
      ["--only <part>", "measure only this: update, small, faults, drift or scale; may be given again", "repeatable"],
      ["--sizes <numbers>", "how many machines scalability is measured with; default: 1,2,4,8"],
      ["--path <path>", "what is asked for; default: the path of the health check"],
      ["--pattern <expression>", "a regular expression whose first group, in an answer, is the version"],
      ["--slow <duration>", "from when on an answer counts as slow; default: 500ms"],
      ["--steady <duration>", "how long requests go on before and after each change; default: 3s"],
      ["--package <name>", "the package that only a package changes by; default: hello"],
      ["-o, --out <file>", "write the report, one HTML file"],
      ["--plan", "only say what it would do, how long that takes and what it starts"],
      ["--fleets <names>", "compare what fleets have lived through instead, from the log: pets,cattle"],
    ],
    example: "fireclay compare hello --from . --to ../hello-2 -o report.html",
    load: async () => (await import("./commands/compare.ts")).compare,
  },
  {
    name: "demo",
    summary: "the main job on machines of its own: both ways, under load, there and back",
    words: "",
    flags: [
      ["--rate <number>", "requests a second to each fleet; default: 200"],
      ["--keep", "leave the machines for a look around"],
    ],
    example: "fireclay demo",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
]
