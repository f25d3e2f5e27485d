/**
 * Which of two versions is the newer, as dpkg has it (deb-version(7)).
 *
 * @returns less than 0: the first is older; 0: they are equal
 */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [split(a), split(b)]
  return (
    left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision)
  )
}

const split = (version: string) => {
  const [, epoch = "0", rest = ""] = /^(?:(\d+):)?(.*)$/s.exec(version) ?? []
  const dash = rest.lastIndexOf("-")
  return {
    epoch: Number(epoch),
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? "" : rest.slice(dash + 1),
  }
}

/** Text and numbers in turn, beginning with text. */
const comparePart = (a: string, b: string): number => {
  const [left, right] = [a.split(/(\d+)/), b.split(/(\d+)/)]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one = "", other = ""] = [left[index], right[index]]
    const order = index % 2 === 0 ? compareText(one, other) : compareNumbers(one, other)
    if (order !== 0) return order
  }
  return 0
}

/** They may be longer than a number can be. */
const compareNumbers = (a: string, b: string): number => {
  const [one, other] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")]
  return one.length - other.length || (one < other ? -1 : Number(one > other))
}

const compareText = (a: string, b: string): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = weight(a[index]) - weight(b[index])
    if (order !== 0) return order
  }
  return 0
}

/** A tilde is before the end, and letters are before all else. */
const weight = (character: string | undefined): number => {
  if (character === undefined) return 0
  if (character === "~") return -1
  const code = character.codePointAt(0) ?? 0
  return /[a-z]/i.test(character) ? code : code + 256
}
