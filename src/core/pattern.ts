/** Whether a name is meant by a word of a user: it is that, or the word's `*` stand for any text. */
export const matches = (word: string, name: string): boolean =>
  word.includes("*") ? new RegExp(`^${word.split("*").map(RegExp.escape).join(".*")}$`, "s").test(name) : word === name
