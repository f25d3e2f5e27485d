import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { FireclayError } from "../../src/contract/index.ts"
import { runOk } from "../../src/system/process.ts"
import type { TestPackage } from "./test-packages.ts"

/** What only debs can do: they may hold programs and libraries. */
export interface DebPackage extends Omit<TestPackage, "files"> {
  readonly files?: Readonly<Record<string, string | Uint8Array>>
}

/** Makes `NAME_VERSION_all.deb` in a directory, by way of another that comes and goes: the same bytes each time. */
export const buildDeb = async (each: DebPackage, stage: string, directory: string): Promise<void> => {
  await rm(stage, { recursive: true, force: true })
  const write = async (path: string, content: string | Uint8Array, mode = 0o644): Promise<void> => {
    await mkdir(dirname(join(stage, path)), { recursive: true })
    await writeFile(join(stage, path), content, { mode })
  }
  await write("DEBIAN/control", controlOf(each))
  await write(
    "DEBIAN/conffiles",
    Object.keys(each.configs ?? {})
      .map((path) => `${path}\n`)
      .join(""),
  )
  const script = (body: string, when: string) => `#!/bin/sh\nset -e\nif [ "$1" = ${when} ]; then\n${body}\nfi\n`
  if (each.first !== undefined) await write("DEBIAN/preinst", script(each.first, "install"), 0o755)
  if (each.after !== undefined) await write("DEBIAN/postinst", script(each.after, "configure"), 0o755)
  if (each.before !== undefined) await write("DEBIAN/prerm", script(each.before, "remove"), 0o755)
  if (each.gone !== undefined) await write("DEBIAN/postrm", script(each.gone, "purge"), 0o755)
  for (const [path, content] of Object.entries({ ...each.files, ...each.configs })) await write(path, content)
  await runOk(
    ["dpkg-deb", "-Znone", "--root-owner-group", "--build", stage, directory],
    (message, details) => new FireclayError("FC_STORE", message, { details }),
    { env: { ...process.env, SOURCE_DATE_EPOCH: "1704067200" } },
  )
  await rm(stage, { recursive: true })
}

const controlOf = (each: DebPackage): string => {
  const relation = (field: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${field}: ${names.join(", ")}`]
  const instead = each.insteadOf === undefined ? [] : [each.insteadOf]
  const takes = each.takesFrom === undefined ? [] : [each.takesFrom]
  return [
    `Package: ${each.name}`,
    `Version: ${each.version}`,
    "Architecture: all",
    "Maintainer: Test <test@example.org>",
    ...relation("Depends", each.needs ?? []),
    ...relation("Conflicts", instead),
    ...relation("Replaces", [...instead, ...takes]),
    ...relation(
      "Breaks",
      takes.map((name) => `${name} (<< ${each.version})`),
    ),
    "Description: made by a test",
    "",
  ].join("\n")
}
