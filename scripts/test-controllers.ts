// `npm run test:controllers`: 50 rounds of two controllers, as processes of their own, who both change one machine.
// `-- --quick` plays 12 of them, `-- --json` prints the document that is kept as bench/results/controllers.json.
import { readOptions, report, say } from "../bench/support/results.ts"
import { playRounds, type Round, type RoundKind } from "../test/controllers/rounds.ts"

const options = readOptions()
const counts: { readonly [kind in RoundKind]: number } = options.quick
  ? { "one store": 4, "two stores": 4, asleep: 4 }
  : { "one store": 19, "two stores": 19, asleep: 12 }

const tell = ({ kind, at, winner, code, sins }: Round): void =>
  say(
    `${kind}${at === undefined ? "" : ` before its ${at}`}: ${winner} won, the other got ${code}${sins.map((sin) => `\n  ${sin}`).join("")}`,
  )

const rounds: Round[] = []
for (const [kind, count] of Object.entries(counts)) rounds.push(...(await playRounds(kind as RoundKind, count, tell)))

const rowOf = (kind: string) => {
  const played = rounds.filter((round) => round.kind === kind)
  const wrong = played.filter(({ sins }) => sins.length > 0).length
  return {
    case: kind,
    ours: wrong,
    peer: played.length,
    peerName: "rounds played",
    unit: "rounds that went wrong",
    ratio: wrong / played.length,
    goal: 0,
    met: wrong === 0,
  }
}

const bench = {
  name: "controllers",
  method: [
    "Two controllers, each a process with SQLite, deliver different versions to one machine whose shell, lock and",
    "library are real; both have looked before they are told to go on, and begin up to 60 ms apart. Right is a round in",
    "which exactly one changes the machine, the other is told who, and the machine's diary shows no interleaving. Asleep:",
    "one is stopped (SIGSTOP) on the way, the other takes the lease over and delivers; the first wakes and changes nothing.",
  ],
  rows: Object.keys(counts).map(rowOf),
  raw: { rounds },
}
await report(bench, options)
process.exitCode = bench.rows.every(({ met }) => met) ? 0 : 1
