import type { Comparison } from "../../../core/compare/document.ts"
import { type Html, html } from "../page/html.ts"
import { shortTime } from "../page/table.ts"
import { count, figure } from "./figures.ts"
import { method } from "./method.ts"

export const methodSection: Html = html`<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method</h2>
${method.map(({ title, paragraphs }) => html`<h3>${title}</h3>\n${paragraphs.map((text) => html`<p>${text}</p>\n`)}`)}
</section>`

const toldBy: { readonly [way in Comparison["toldBy"]]: string } = {
  body: "by the body of the answer",
  pattern: "by a pattern in the answer",
  rollout: "not by the answer: by when members took requests again",
}

/** Which computer, which versions, which settings: all that somebody needs to measure it again. */
export const surroundings = (comparison: Comparison): Html => {
  const { machine, ways } = comparison
  const facts: readonly (readonly [string, string])[] = [
    [
      "Fireclay",
      `${comparison.version}${comparison.commit === undefined ? "" : `, project at commit ${comparison.commit}`}`,
    ],
    ["Computer", `${machine.model}, ${machine.cpus} processors, ${figure(machine.memoryBytes, "B")} of memory`],
    ["System", `${machine.system}, kernel ${machine.kernel}, Node.js ${machine.node}`],
    ["Time", `${shortTime(comparison.startedAt)} to ${shortTime(comparison.endedAt)} UTC`],
    ["Update", `${comparison.from} → ${comparison.to}`],
    ["Machines", `${comparison.size} of each way`],
    ["Load", `${count(comparison.ratePerSecond)} requests a second, each for ${comparison.path}`],
    ["Slow", `an answer later than ${figure(comparison.slowMs, "ms")}`],
    ["Runs", `${comparison.runs} of each change, each way`],
    ["Versions told apart", toldBy[comparison.toldBy]],
    ...ways.map(
      ({ name, delivery, strategy, engine }) =>
        [
          `Way: ${name}`,
          `${delivery === "in-place" ? "in place" : "by replacement"}, strategy ${strategy}, engine ${engine}`,
        ] as const,
    ),
  ]
  return html`<section id="surroundings" aria-labelledby="surroundings-title">
<h2 id="surroundings-title">Where it was measured</h2>
<dl>${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>\n`)}</dl>
</section>`
}
