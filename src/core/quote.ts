/**
 * One word of a POSIX shell that means exactly this text. The only way by which a value reaches a shell.
 *
 * @throws TypeError for a NUL, which no argument can hold
 */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new TypeError("a word of a shell cannot hold a NUL byte")
  return /^[A-Za-z0-9_/:=.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A command line of quoted words. */
export const quoteAll = (words: readonly string[]): string => words.map(quote).join(" ")
