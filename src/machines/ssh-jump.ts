/** What a hop says on standard error when it has failed, after ssh's own words on that. */
const hopMark = (index: number): string => `fireclay: hop ${index + 1} failed`

export const isHopMark = (line: string): boolean => /^fireclay: hop \d+ failed$/.test(line)

/**
 * Leads a connection through other servers: `hops` are the words of an ssh for each, the first server first.
 *
 * OpenSSH's own ProxyJump hands no `-o` on, and so would verify host keys as the user's configuration says. A ProxyCommand is
 * run by a shell, and ssh reads `%` in it; so no word stands in it that could mean anything to either. Those
 * that could are variables of ssh's environment, and so is the command of the hop before.
 */
export const proxyCommand = (
  hops: readonly (readonly string[])[],
): { readonly words: readonly string[]; readonly environment: Readonly<Record<string, string>> } => {
  let words: readonly string[] = []
  let environment: Readonly<Record<string, string>> = {}
  for (const [index, hop] of hops.entries()) {
    const shelled = [...words, ...hop].map((word, place) => shellWord(word, `FIRECLAY_HOP_${index + 1}_${place}`))
    const text = ["/bin/sh", "-c", `'"$@" || echo "${hopMark(index)}" >&2'`, "sh", "ssh", "-W", "'[%h]:%p'"]
    environment = Object.assign({}, environment, ...shelled.map(({ variable }) => variable))
    words = ["-o", `ProxyCommand=${[...text, ...shelled.map((word) => word.text)].join(" ")}`]
  }
  // ssh runs a ProxyCommand by the user's shell, which need not be a POSIX one.
  return { words, environment: hops.length === 0 ? {} : { ...environment, SHELL: "/bin/sh" } }
}

const shellWord = (
  word: string,
  name: string,
): { readonly text: string; readonly variable: Readonly<Record<string, string>> } =>
  /^[A-Za-z0-9_./:@=-]+$/.test(word) ? { text: word, variable: {} } : { text: `"$${name}"`, variable: { [name]: word } }
