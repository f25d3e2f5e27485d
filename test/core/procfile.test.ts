import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { parseProcfile, withProcfile } from "../../src/core/procfile.ts"
import { bundle } from "../../src/core/release.ts"
import { runResources } from "../../src/core/run-unit.ts"
import { user } from "../../src/resources/index.ts"
import { procfile, secret, spec } from "../../src/spec/index.ts"
import { caught } from "../support/catch.ts"

describe("a Procfile", () => {
  it.each([
    ["web: ./serve --port $PORT\n", [["web", "./serve --port $PORT"]]],
    [
      "# what runs\n\nweb: a\r\nworker-2:   b  && c \n",
      [
        ["web", "a"],
        ["worker-2", "b  && c"],
      ],
    ],
    ["web: echo 'it''s' \"$HOME\" %n `id` \\\\x: y\n", [["web", "echo 'it''s' \"$HOME\" %n `id` \\\\x: y"]]],
    ["release: ./migrate", [["release", "./migrate"]]],
  ] as const)("%j", (text, lines) => {
    expect(parseProcfile(text, "Procfile").map(({ name, command }) => [name, command])).toEqual(lines)
  })

  it.each([
    ["web ./serve", "line 1 is not NAME: COMMAND"],
    ["web: a\n: b", "line 2 is not NAME: COMMAND"],
    ["web:", "line 1 is not NAME: COMMAND"],
    ["we b: x", "line 1 is not NAME: COMMAND"],
    ["../x: y", "line 1 is not NAME: COMMAND"],
    ["web: a\nweb: b", "web is there twice"],
    ["# nothing\n", "it says nothing"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => parseProcfile(text, "Procfile")).toThrow(expect.objectContaining({ code: "FC_PROCFILE", message }))
  })
})

describe("a source directory with one", () => {
  let directory = ""
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "fireclay-procfile-"))
    await mkdir(join(directory, "app/lib"), { recursive: true })
    await mkdir(join(directory, "app/.git"))
    await writeFile(join(directory, "app/Procfile"), "web: ./serve $PORT\nworker: ./work\nrelease: ./migrate\n")
    await writeFile(join(directory, "app/.git/config"), "")
    await writeFile(join(directory, "app/serve"), "#!/bin/sh\n")
    await chmod(join(directory, "app/serve"), 0o755)
    await writeFile(join(directory, "app/lib/one.txt"), "one\n")
    await symlink("lib/one.txt", join(directory, "app/latest"))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const shop = (options: Partial<Parameters<typeof procfile>[1]> = {}, more = {}) =>
    spec("shop", {
      resources: [user("app")],
      ...procfile("./app", {
        to: "/srv/app",
        port: 5000,
        user: "app",
        environment: { KEY: secret("KEY") },
        ...options,
      }),
      ...more,
    })

  it("becomes what runs, and what runs once", () => {
    const read = withProcfile(shop(), directory)
    const common = { directory: "/srv/app", user: "app", environment: { PORT: "5000", KEY: expect.anything() } }
    expect(read.run).toEqual({ command: ["/bin/sh", "-c", "./serve $PORT"], ...common })
    expect(read.processes).toEqual({ worker: { command: ["/bin/sh", "-c", "./work"], ...common } })
    expect(read.release).toEqual({ command: ["/bin/sh", "-c", "./migrate"], ...common, timeoutMs: 600_000 })
    expect([read.procfile, read.port, withProcfile(read, "/nowhere")]).toEqual([undefined, 5000, read])
  })

  it("is put on the machine after all else, without what git keeps for itself", () => {
    const { resources } = withProcfile(shop(), directory)
    expect(Array.isArray(resources) && resources.map(({ id }) => id)).toEqual([
      "user:app",
      "file:/srv/app/Procfile",
      "link:/srv/app/latest",
      "file:/srv/app/lib/one.txt",
      "file:/srv/app/serve",
    ])
    const modes = Array.isArray(resources) ? resources.map(({ want }) => want.mode ?? null) : []
    expect(modes.slice(1)).toEqual([0o644, null, 0o644, 0o755])
    const alone = withProcfile(shop({ ship: false }), directory).resources
    expect(Array.isArray(alone) && alone.length).toBe(1)
  })

  it("is read when the spec becomes a release, and is no part of it otherwise", async () => {
    const { manifest } = await bundle(shop(), directory)
    expect(manifest.task).toEqual({ unit: "fireclay-shop-release.service", timeoutMs: 600_000 })
    const ids = manifest.resources.map(({ id }) => id)
    expect(ids.filter((id) => id.startsWith("service:"))).toEqual([
      "service:fireclay-shop.service",
      "service:fireclay-shop-worker.service",
    ])
    expect(ids.filter((id) => id.startsWith("file:/etc/fireclay/"))).toEqual([
      "file:/etc/fireclay/shop.env",
      "file:/etc/fireclay/shop-worker.env",
      "file:/etc/fireclay/shop-release.env",
    ])
  })

  it("gives the shell its line as it stands", () => {
    const line = `a "b c" '$PORT' \${PORT} 100% \\n; d | e`
    const unit = runResources(
      withProcfile({ ...shop(), procfile: undefined, run: { command: ["/bin/sh", "-c", line] } } as never, directory),
    ).flatMap(({ sources = [] }) => sources.flatMap((source) => ("text" in source ? [source.text] : [])))
    expect(unit.join("")).toContain(`ExecStart="/bin/sh" "-c" "a \\"b c\\" '$$PORT' $\${PORT} 100%% \\\\n; d | e"`)
  })

  it.each([
    ["is not there", { directory: "./other" }, {}, "it is not there"],
    ["names a process of the spec", {}, { processes: { worker: { command: ["/bin/true"] } } }, "worker is a process"],
  ])("is refused when it %s", async (_, change, more, message) => {
    const given = shop({}, more)
    const changed = { ...given, procfile: { ...given.procfile, ...change } } as never
    const error = await caught(async () => withProcfile(changed, directory))
    expect([error.code, error.message]).toEqual(["FC_PROCFILE", expect.stringContaining(message)])
  })

  it("says what runs alone", async () => {
    const error = await caught(async () => shop({}, { run: { command: ["/bin/true"] } }))
    expect([error.code, error.at]).toEqual(["FC_SPEC_VALUE", "specs.shop.run"])
  })
})
