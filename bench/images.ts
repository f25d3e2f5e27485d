// debian: systemd-container docker.io buildah packer mmdebstrap iproute2 iptables
// `npm run bench:images`: an image of 100 resources, built cold, unchanged, and after a late change: Fireclay, BuildKit,
// the classic builder, buildah, Packer, and what a person would write by hand. `-- --quick` runs each three times,
// `-- --json` prints the document, `-- --rounds N` sets how often.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { ensureBase } from "../src/engines/local/base.ts"
import { place } from "../src/engines/local/place.ts"
import { debian } from "../src/index.ts"
import { run } from "../src/system/process.ts"
import { withSpeeds } from "./converge/page.ts"
import { buildah } from "./images/buildah.ts"
import { removeTree } from "./images/clean.ts"
import { startDaemon } from "./images/daemon.ts"
import { baseImage, buildKit, classic } from "./images/docker.ts"
import { fireclay } from "./images/fireclay.ts"
import { floor } from "./images/floor.ts"
import { packer } from "./images/packer.ts"
import type { Side } from "./images/side.ts"
import { type Case, everyCase, writeApplication, writeContext, writeProject } from "./images/work.ts"
import { type Figures, figures } from "./support/measure.ts"
import { compare, describe, type Row, report, say } from "./support/results.ts"

const root = join(import.meta.dirname, "..")

interface Options {
  readonly quick: boolean
  readonly json: boolean
  readonly rounds: number
}

const main = async (options: Options): Promise<void> => {
  await run([process.execPath, "--conditions=fireclay-source", join(root, "scripts", "build.ts")])
  // Beside each other on one file system: the base, all stores, the sources.
  const directory = mkdtempSync("/var/tmp/fireclay-bench-images-")
  const [project, context] = [join(directory, "project"), join(directory, "context")]
  writeProject(project)
  writeContext(context)
  const base = await ensureBase(place({ project: "bench", projectDirectory: project }), debian("bookworm"), say)
  const daemon = await startDaemon(join(directory, "docker"))
  const own = (name: string): string => join(directory, name)
  const sides: readonly Side[] = [
    fireclay(project),
    floor(context, own("floor"), base.root),
    buildKit(context, directory, daemon),
    classic(context, directory, daemon),
    buildah(context, own("buildah"), base.archive),
    packer(context, directory, daemon),
  ]
  const writeBoth = (turn: string): void => {
    for (const sources of [project, context]) writeApplication(sources, turn)
  }
  try {
    await daemon.docker(["import", base.archive, baseImage])
    for (const side of sides) await side.prepare()
    await tell(sides, await measure(sides, writeBoth, options.rounds), options)
  } finally {
    for (const side of sides) await side.dispose()
    await daemon.dispose()
    await removeTree(directory)
  }
}

/** What each side took in each of its cases, by its name. */
type Measured = ReadonlyMap<string, ReadonlyMap<Case, Figures>>

/** All sides in turn, and the other way round in every second round. Each goes through its cases once, uncounted, before. */
const measure = async (sides: readonly Side[], change: (turn: string) => void, rounds: number): Promise<Measured> => {
  const runs = new Map(sides.map(({ name, cases }) => [name, new Map(cases.map((which) => [which, [] as number[]]))]))
  for (let round = -1; round < rounds; round += 1)
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      change(`${round}`)
      await side.forget()
      for (const which of everyCase.filter((one) => side.cases.includes(one))) {
        if (which === "late change") change(`${round} of ${side.name}`)
        const began = performance.now()
        await side.build(which)
        if (round >= 0)
          runs
            .get(side.name)
            ?.get(which)
            ?.push(performance.now() - began)
      }
    }
  const inFigures = (own: ReadonlyMap<Case, readonly number[]>) =>
    new Map([...own].map(([which, times]) => [which, figures(times)] as const))
  return new Map([...runs].map(([name, own]) => [name, inFigures(own)]))
}

const tell = async (sides: readonly Side[], measured: Measured, options: Options): Promise<void> => {
  for (const [name, cases] of measured) for (const [which, of] of cases) say(describe(`${name}, ${which}`, of))
  const [ours, ...peers] = sides
  const rows = everyCase.flatMap((which) =>
    peers.flatMap(({ name }) =>
      rowOf(which, name, measured.get(ours?.name ?? "")?.get(which), measured.get(name)?.get(which)),
    ),
  )
  const name = options.quick ? "images-part" : "images"
  const raw = Object.fromEntries([...measured].map(([side, cases]) => [side, Object.fromEntries(cases)]))
  const document = await report({ name, method: [...method, spread(options)], rows, raw }, options)
  if (options.quick) return
  const page = join(root, "docs/reference/image-speed.md")
  writeFileSync(page, withSpeeds(readFileSync(page, "utf8"), document))
}

const rowOf = (which: Case, peerName: string, ours: Figures | undefined, peer: Figures | undefined): readonly Row[] => {
  if (ours === undefined || peer === undefined) return []
  const goal = goals[which][peerName]
  const what = { case: which, peerName, unit: "ms" }
  return [compare(goal === undefined ? what : { ...what, goal }, ours, peer)]
}

/** The highest ratio of our time to a peer's that is good enough. */
const goals: { readonly [which in Case]: { readonly [peer: string]: number } } = {
  cold: { "hand-written script": 2, BuildKit: 1 },
  unchanged: { BuildKit: 1 },
  "late change": { BuildKit: 0.7 },
}

const method: readonly string[] = [
  'Base: the root file system of debian("bookworm"), made once by mmdebstrap; the same archive was given to `docker import` and `buildah add` before anything is timed.',
  "Work: five steps that make 100 resources: 5 accounts; 59 files and 10 templates of about 2 KB; 10 directories, 5 lines in files of the base, 5 links and 3 commands; the application, a file of 16 KB, which is what a late change changes; 2 commands that make something of it.",
  "Cold: nothing is there but the base; of Fireclay neither layers, images nor event log, of the others neither images nor build cache. Unchanged: the same again. Late change: another application file. Every run is a whole process, and what it says is checked for how many steps were cached.",
  "Fireclay: built, `fireclay build web`, two layers by its own rules (the second has the application and what is made of it). Floor: an overlay over the same base, copies and one script in a chroot, tar, sha256sum; it caches, checks and normalises nothing.",
  "BuildKit and the classic builder: those of dockerd 20.10 of Debian, started before, overlay2, `--network=none`. buildah 1.28 of Debian: `build --layers`, overlay, chroot isolation. Packer 1.6.6 of Debian: docker builder, a provisioner for each step, commit.",
]

const spread = ({ rounds }: Options): string =>
  `Sides alternate, in reverse order every second round, after one round that is not counted; medians of ${rounds} runs; all runs in raw, in milliseconds.`

const readOptions = (): Options => {
  const flag = { type: "boolean", default: false } as const
  const { quick, json, rounds } = parseArgs({ options: { quick: flag, json: flag, rounds: { type: "string" } } }).values
  return { quick, json, rounds: Number(rounds ?? (quick ? 3 : 9)) }
}

await main(readOptions())
