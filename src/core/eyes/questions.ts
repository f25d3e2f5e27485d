import type { PackageQuestion } from "../../contract/index.ts"
import { quote, quoteAll } from "../quote.ts"
import { readableLimitBytes } from "../readable.ts"
import { askForesight, askPackages } from "./packages.ts"

/** All that is asked of a machine in one round trip. Sets: the same question travels once. */
export interface Questions {
  readonly stat: Set<string>
  readonly sha256: Set<string>
  readonly text: Set<string>
  readonly tree: Set<string>
  readonly package: Set<string>
  /** Each as JSON. */
  readonly packages: Set<string>
  readonly user: Set<string>
  readonly group: Set<string>
  readonly unit: Set<string>
  readonly ground: Set<string>
  /** Each command as JSON of its argv. */
  readonly run: Set<string>
}

export const noQuestions = (): Questions => ({
  stat: new Set(),
  sha256: new Set(),
  text: new Set(),
  tree: new Set(),
  package: new Set(),
  packages: new Set(),
  user: new Set(),
  group: new Set(),
  unit: new Set(),
  ground: new Set(),
  run: new Set(),
})

/** Arguments for one process: well below what every kernel takes. */
const chunkSize = 400

/**
 * One script for all questions: one `stat` for all paths, one `sha256sum`, one `dpkg-query`, one `systemctl show`.
 * Fields end in NUL, sections begin with the marker, so that no name can be mistaken for structure. What tools print as
 * lines without names of the user's choice stays lines, in one field: a process less.
 *
 * @param library what questions about packages are asked with
 */
export const compileQuestions = (questions: Questions, marker: string, ahead?: string, library = ""): string => {
  const section = (name: string, body: readonly string[]): readonly string[] =>
    body.length === 0 ? [] : [`printf '%s\\0' ${quote(marker)} ${name}`, ...body]
  return [
    "export LC_ALL=C QUOTING_STYLE=literal",
    ...section("ahead", ahead === undefined ? [] : [ahead]),
    ...section(
      "stat",
      each(
        questions.stat,
        (paths) => `stat --printf '%n\\0%f\\0%U\\0%u\\0%G\\0%g\\0%s\\0%N\\0' -- ${paths} 2>/dev/null`,
      ),
    ),
    ...section("sha256", each(questions.sha256, askDigests)),
    ...section("text", each(questions.text, askTexts)),
    ...section("tree", each(questions.tree, askTree)),
    ...section("package", each(questions.package, askPackages)),
    ...section(
      "packages",
      [...questions.packages].map((question) => askForesight(JSON.parse(question) as PackageQuestion, library)),
    ),
    ...section(
      "passwd",
      each(questions.user, (names) => `getent passwd ${names}; printf '\\0'`),
    ),
    ...section("groups", questions.user.size + questions.group.size > 0 ? ["getent group; printf '\\0'"] : []),
    ...section("unit", each(questions.unit, askUnits)),
    ...section("ground", each(questions.ground, askGround)),
    ...section("run", [...questions.run].map(askCommand)),
    "exit 0",
  ].join("\n")
}

const each = (values: ReadonlySet<string>, command: (words: string) => string): readonly string[] => {
  const all = [...values]
  const chunks = Array.from({ length: Math.ceil(all.length / chunkSize) }, (_, index) =>
    all.slice(index * chunkSize, (index + 1) * chunkSize),
  )
  return chunks.map((chunk) => command(quoteAll(chunk)))
}

/** Only of what is a file at its end: reading a pipe or a device would never end. */
const askDigests = (paths: string): string =>
  [
    `set --; for fc_p in ${paths}; do [ ! -f "$fc_p" ] || set -- "$@" "$fc_p"; done`,
    '[ "$#" -eq 0 ] || sha256sum -z -- "$@" 2>/dev/null',
  ].join("\n")

/** Of what is a file at its end, and not too long to be read. */
const askTexts = (paths: string): string =>
  `find -L ${paths} -maxdepth 0 -type f ! -size +${readableLimitBytes}c -printf '%p\\0' \\( -exec base64 -w0 -- {} \\; -o -true \\) -printf '\\0' 2>/dev/null`

/** Asked from above, the root of each tree tells its file system. */
const askTree = (paths: string): string =>
  `find ${paths} -xdev -exec stat --printf '%n\\0%f\\0%d\\0' -- {} + 2>/dev/null`

/** Where no systemd runs (an image that is being made) only enablement can be known. */
const askUnits = (names: string): string =>
  [
    `if [ -d /run/systemd/system ]; then systemctl show -p LoadState,ActiveState,UnitFileState -- ${names}; printf '\\0end\\0'`,
    `else for fc_u in ${names}; do fc_e=$(systemctl --root=/ is-enabled "$fc_u" 2>/dev/null)`,
    `case $fc_e in ''|not-found) fc_l=not-found;; *) fc_l=loaded;; esac`,
    `printf 'LoadState=%s\\0ActiveState=inactive\\0UnitFileState=%s\\0\\0' "$fc_l" "$fc_e"; done; printf 'end\\0'; fi`,
  ].join("\n")

/**
 * The shell itself says which are directories and can be written to: a read-only file system refuses root too. One
 * `stat` for the file systems of those that are there.
 */
const askGround = (paths: string): string =>
  [
    `set --; for fc_p in ${paths}; do fc_k=; [ ! -e "$fc_p" ] || { fc_k=e; set -- "$@" "$fc_p"; }`,
    '[ ! -d "$fc_p" ] || fc_k=d; [ ! -w "$fc_p" ] || fc_k=${fc_k}w; printf \'%s\\0\' "$fc_k"; done; printf \'end\\0\'',
    `[ "$#" -eq 0 ] || stat -f --printf '%i\\0%S\\0%b\\0%a\\0%c\\0%d\\0' -- "$@" 2>/dev/null; printf 'end\\0'`,
  ].join("\n")

const askCommand = (json: string): string =>
  `fc_o=$(${quoteAll(JSON.parse(json) as string[])} 2>/dev/null </dev/null); printf '%s\\0%s\\0' "$?" "$fc_o"`
