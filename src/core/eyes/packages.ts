import type { PackageForesight, PackageMove, PackageQuestion, PackageState } from "../../contract/index.ts"
import { quoteAll } from "../quote.ts"

/**
 * One process for all names, of the manager that is there, in the order of `transaction/library/packages.sh`. A line for
 * each: name, version, what is wanted of it, and what it is. rpm and apk say only what is installed.
 */
export const askPackages = (names: string): string =>
  [
    "if command -v dpkg-query >/dev/null; then",
    `  dpkg-query -W -f '\${Package}\\t\${Version}\\t\${db:Status-Want}\\t\${db:Status-Status}\\n' -- ${names} 2>/dev/null`,
    "elif command -v rpm >/dev/null; then",
    `  rpm -q --qf '%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\tinstall\\tinstalled\\n' -- ${names} 2>/dev/null | grep -F '\tinstalled'`,
    "elif command -v apk >/dev/null; then",
    `  for fc_p in ${names}; do apk info -e -v -- "$fc_p" 2>/dev/null | sed "s/^$fc_p-\\(.*\\)/$fc_p\t\\1\tinstall\tinstalled/"; done`,
    "fi; printf '\\0'",
  ].join("\n")

export const toPackage = (line: string): readonly (readonly [string, PackageState])[] => {
  const [name = "", version = "", want = "", status = ""] = line.split("\t")
  return status === "installed" ? [[name, { version, held: want === "hold" }]] : []
}

/** A subshell of its own: the library's words are many. */
export const askForesight = (question: PackageQuestion, library: string): string => {
  const words = "install" in question ? ["install", ...question.install] : ["clean", ...question.remove]
  return `(${library}\nforesee ${quoteAll(words)}) </dev/null 2>/dev/null; printf '\\0'`
}

export const noForesight: PackageForesight = {
  manager: "",
  hasLists: false,
  moves: [],
  held: [],
  lost: [],
  needs: [],
  unknown: [],
  refused: [],
  downloadBytes: 0,
  spaceBytes: 0,
}

/** Reads what `transaction/library/foresee.sh` printed. */
export const toForesight = (text = ""): PackageForesight => {
  const lines = text.split("\n").map((line) => line.split(" "))
  const about = (word: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === word).map(([, ...rest]) => rest)
  const names = (word: string): readonly string[] => about(word).map(([name = ""]) => name)
  const manager = names("manager")[0] ?? ""
  return {
    manager,
    hasLists: manager !== "" && about("missing").length === 0,
    moves: lines.flatMap(toMove),
    held: names("held"),
    lost: names("lost"),
    needs: names("needs"),
    unknown: names("unknown"),
    refused: about("refused")
      .map((words) => words.join(" ").trim())
      .filter((line) => line !== ""),
    downloadBytes: bytesOf(about("download")[0] ?? []),
    spaceBytes: bytesOf(about("space")[0] ?? []),
  }
}

const toMove = ([sign, name = "", first = "", second = ""]: readonly string[]): readonly PackageMove[] => {
  if (sign === "+") return [{ name, from: null, to: first }]
  if (sign === "-") return [{ name, from: first, to: null }]
  return sign === "~" ? [{ name, from: first, to: second }] : []
}

/** `2,266 kB used`, `1.2 MB freed`, or bytes as they are. */
const bytesOf = ([number = "0", unit = "B", way = "used"]: readonly string[]): number => {
  const bytes = Number(number.replaceAll(",", "")) * ({ kB: 1e3, MB: 1e6, GB: 1e9 }[unit] ?? 1)
  return Math.round(way === "freed" ? -bytes : bytes)
}
