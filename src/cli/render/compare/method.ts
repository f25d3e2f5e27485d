import { leastFactor, leastRuns, resolutions } from "../../../core/compare/statistics.ts"
import { wordFigure } from "../../../core/compare/words.ts"
import { mostConnections } from "../../../probes/index.ts"

/** One part of how a comparison is made. */
export interface MethodPart {
  readonly title: string
  /** A few sentences each. */
  readonly paragraphs: readonly string[]
}

/**
 * How `fireclay compare` measures and judges. The report prints it: whoever changes how something is measured
 * changes it here.
 */
export const method: readonly MethodPart[] = [
  {
    title: "Rounds",
    paragraphs: [
      "Each way has a fleet of its own, on machines that are made for the comparison on the computer that it runs on, and removed afterwards. They are worked with by Fireclay's own commands, as a user would.",
      "Before anything counts, each fleet is brought up at the old version, takes the update once, and takes it back: that fills caches. Then come the rounds. Each goes through the ways in the reverse order of the one before, so that what grows warm or slow with time meets all ways alike.",
      "In a round each way goes from the old version and back to it: only a package added, only a file changed, then the update and the way back. Whatever has to be baked is baked anew each time before the rollout begins; how long that takes is counted apart.",
    ],
  },
  {
    title: "Load",
    paragraphs: [
      `Requests are sent at a fixed rate, each at the time when it is due, whether or not the ones before it were answered (an open loop). A server that stalls meets all the requests that would have come meanwhile, and each counts with the time that it waited. No more than ${mostConnections} are under way at a time: what is due beyond waits for one of them to end, so where many would fail at once, fewer are counted.`,
      "Latency is counted from when a request was due, not from when it could be sent. How late the generator itself was at most is among the raw numbers. The load begins some seconds before the change and ends some seconds after it: that is what before and after mean.",
      "A request failed whose connection was refused or broken, whose answer had a status outside 200 to 399, or that had no answer 10 s after it was due. It is slow where its answer came later than the limit that is told with the settings. None is tried again.",
    ],
  },
  {
    title: "Which version answered",
    paragraphs: [
      "Both versions are asked before the rounds. Where none of their answers is given by both, an answer's body says which version it is of; with --pattern, what the pattern finds in it says so. Otherwise, and where only a file or a package changes, the rollout itself tells when the last member took requests, and there is no figure for the first answer of the new version.",
      "Both versions serve from the first answer of the new one to the last answer of the old one.",
    ],
  },
  {
    title: "Resource use",
    paragraphs: [
      "Machines are looked at from outside: processor time, memory, disk and network as the kernel counts them, while a change is built and while it is delivered, both together. Memory is the most that all machines held at the same time, as samples saw it.",
      "Disk kept is what is on disk afterwards beyond what was there before: images, layers, journals. What a delivery in place left for its undo the next one clears away; before the update that was one of the same kind. Machine seconds count machines beyond the steady need, times how long each of them ran.",
      "What is written for machines, such as the layers of an image, counts as theirs; the work of Docker's daemon counts with the controller. Memory is what programs hold: neither their text, nor files in memory, nor what the kernel keeps of files. Not seen is what a machine or a command uses in the tenth of a second before its end, and what a command hands to a machine of the same computer without a network.",
      "The controller is the process that delivers, with its children, machines left out.",
    ],
  },
  {
    title: "Scalability",
    paragraphs: [
      "At each size, in two rounds, a fleet of its own takes the update, and then grows to twice as many machines, without load: what is measured is the delivery, its image built beforehand. Sizes go as far as this computer carries.",
      "A formula is fitted by least squares, weighted so that an error of 10 % weighs the same at each size. Candidates are: the same time whatever the size, where no slope differs from nothing by Student's t-test, and a time that grows with the machines, their square root or their logarithm. Of those that the measurements do not tell apart (Akaike's criterion for few points) the one with the fewest parameters is taken, and the fastest growing among those.",
      "The band is where one more measurement falls 95 times in 100, by every formula that may be true. Beyond the largest size that was measured the line is broken: there it is an expectation, and it knows nothing of what else may happen with so many machines.",
    ],
  },
  {
    title: "What goes wrong",
    paragraphs: [
      "The same faults are put into the update each way, in as many rounds, under the same load: a step that fails, a machine killed while it is changed or made, the controller killed while a machine is changed or made, and a version that starts well and then answers with errors. Images are built beforehand, but not where building is what fails.",
      "Time to safety runs from when it went wrong until all that serves is of one release and well; for a step that fails, and for a version that the rollout takes back before anybody notices, it runs from the beginning of the rollout. Where that takes a command, it is given at once and named. A bad version is noticed by whoever asks five times a second and sees three bad answers in a row.",
    ],
  },
  {
    title: "Drift",
    paragraphs: [
      "The same changes are made by hand on every machine of each way, then the next version is delivered. A change that is still there afterwards is left, else it is gone; one that could not be made at all was refused.",
    ],
  },
  {
    title: "When a difference counts",
    paragraphs: [
      `Bars are medians, lines reach from the lowest to the highest run, dots are single runs. A difference is called clear when each way has at least ${leastRuns} runs; when medians differ by more than ${Math.round((leastFactor - 1) * 100)} % and by more than anybody would choose a way for (${resolved()}); and when the exact test of Mann and Whitney says that chance alone would do this less than once in 100 times. With five runs each that is: each run of one way is below each run of the other. Each size is tried twice each way, so of one size alone nothing is called clear.`,
      "As a comparison has dozens of figures, once in 100 is still too often. So besides, chance must be below once in 1,000, or the medians further apart than two and a half times the middle half of the runs of either way, or each run of one way less than half of each run of the other.",
      "Of more than two ways the best is held against each other one, and must be clear of all. What is counted once and not drawn by chance, such as changes by hand, differs where it differs.",
    ],
  },
]

function resolved(): string {
  const units = ["s", "ms", "B", "machine s", "requests"] as const
  return units.map((unit) => wordFigure(resolutions[unit], unit)).join(", ")
}
