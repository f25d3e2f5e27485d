import { quoteAll } from "../quote.ts"
import { sideBySide } from "../side-by-side.ts"
import { packageWords } from "../transaction/compile.ts"
import { packageLibrary } from "../transaction/library.ts"
import { machineAt, type Site } from "./site.ts"

/** How many fetch at the same time: an archive should not meet a whole fleet at once. */
const most = 12

/**
 * Before a machine is drained: what its update will ask the archives of packages for is fetched while it still serves,
 * and, so that they do not wait in turn, by the next ones at the same time. What cannot be had is no failure here: the
 * update asks again, and says so.
 */
export const fetchAhead = async (site: Site, id: string): Promise<void> => {
  const { bench, fleet, fetching } = site
  if (!fetching.has(id)) {
    const names = nextToFetch(site, id)
    const together = sideBySide(names, (name) => fetchOn(site, name)).then(() => undefined)
    for (const name of names) fetching.set(name, together)
  }
  if (!fetching.has(id)) return
  await fetching.get(id)
  bench.progress({ fleet: fleet.name, member: id, doing: "draining" })
}

/** This one first; none if it has nothing to fetch. */
const nextToFetch = (site: Site, id: string): readonly string[] => {
  if (questionsFor(site, id).length === 0) return []
  const others = [...site.looks.keys()].filter(
    (name) => name !== id && !site.fetching.has(name) && questionsFor(site, name).length > 0,
  )
  return [id, ...others].slice(0, most)
}

const fetchOn = async (site: Site, id: string): Promise<void> => {
  const { bench, fleet } = site
  bench.progress({ fleet: fleet.name, member: id, doing: "fetching packages" })
  const calls = questionsFor(site, id).map((words) => `fetch_ahead ${quoteAll(words)}`)
  const script = [await packageLibrary(), ...calls].join("\n")
  const signal = bench.signal === undefined ? {} : { signal: bench.signal }
  await machineAt(site, id)
    .sh(`(${script}) </dev/null >/dev/null 2>&1`, signal)
    .catch(() => undefined)
  bench.progress({ fleet: fleet.name, member: id, doing: "waiting, its packages fetched" })
}

/** What the look at the machine led to, as words for `fetch_ahead`. */
const questionsFor = ({ looks }: Site, id: string): readonly (readonly string[])[] => {
  const plan = looks.get(id)?.plan
  return [...(plan?.mending?.steps ?? []), ...(plan?.steps ?? [])].flatMap((step) => {
    if (step.do === "install-packages") return [["install", ...packageWords(step.packages)]]
    return step.do === "upgrade-packages" ? [["upgrade", ...packageWords(step.packages)]] : []
  })
}
