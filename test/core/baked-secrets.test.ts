import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { openSearch, refuseSecrets } from "../../src/core/bake/secrets.ts"
import { readTar } from "../../src/core/bake/tar.ts"
import { file } from "../../src/resources/index.ts"
import { defineProject, fleet, inPlace, local, secret, spec } from "../../src/spec/index.ts"
import { allAtOnce } from "../../src/strategies/index.ts"
import { run } from "../../src/system/process.ts"
import { testBench } from "../support/bench.ts"
import { caught } from "../support/catch.ts"
import { testSecrets } from "../support/secrets.ts"

const value = "pA55 wörd/+?&\"'"
const bytes = Buffer.from(value)

const benchWith = (values: { readonly [name: string]: string }) => ({
  ...testBench(),
  secrets: testSecrets(values),
  project: defineProject({
    name: "project",
    fleets: {
      pets: fleet(
        spec("pets", { resources: ["TOKEN", "OTHER"].map((name) => file(`/${name}`, { content: secret(name) })) }),
        { on: local({ machines: 1 }), by: inPlace({ strategy: allAtOnce() }) },
      ),
    },
  }),
})

/** The archive of a directory with this in it, in pieces of so many bytes. */
const archive = async (make: (directory: string) => void): Promise<Buffer> => {
  const directory = mkdtempSync(join(tmpdir(), "fireclay-tar-"))
  try {
    make(directory)
    return (await run(["tar", "--format=posix", "-C", directory, "-c", "-f", "-", "--transform=s,^\\./,,", "."])).stdout
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const inPieces = async function* (whole: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size)
}

const search = async (make: (directory: string) => void, size = 1000, config = "{}") =>
  refuseSecrets(await openSearch(benchWith({ TOKEN: value })), inPieces(await archive(make), size), config, "specs.web")

const forms: readonly (readonly [string, string | Buffer])[] = [
  ["as it is", bytes],
  ["in the middle of a binary file", Buffer.concat([Buffer.alloc(70_001, 7), bytes, Buffer.alloc(99)])],
  ["in base64", bytes.toString("base64")],
  ["in base64, with something before it", Buffer.from(`user:${value}`).toString("base64")],
  ["in base64 for addresses", bytes.toString("base64url")],
  ["in hexadecimal", bytes.toString("hex")],
  ["in capital hexadecimal", bytes.toString("hex").toUpperCase()],
  ["in an address", `https://example.org/?token=${encodeURIComponent(value)}`],
  ["in JSON", JSON.stringify({ token: value })],
]

describe("a layer is searched for secrets", () => {
  it.each(forms)("%s", async (_, content) => {
    for (const size of [511, 4096, 1 << 20]) {
      const error = await caught(() => search((at) => writeFileSync(join(at, "some file"), content), size))
      expect([error.code, error.at, error.details]).toEqual([
        "FC_SECRET_BAKED",
        "specs.web",
        ["/some file holds ‹secret TOKEN›"],
      ])
      expect(JSON.stringify([error.message, error.remedy, error.details])).not.toContain("pA55")
    }
  })

  it("names of files and targets of links", async () => {
    const name = await caught(() => search((at) => writeFileSync(join(at, bytes.toString("hex")), "x")))
    const target = await caught(() => search((at) => symlinkSync(`/srv/${bytes.toString("hex")}`, join(at, "link"))))
    expect([name.code, target.details]).toEqual(["FC_SECRET_BAKED", ["/link holds ‹secret TOKEN›"]])
  })

  it("and the configuration of the image", async () => {
    const error = await caught(() => search(() => undefined, 512, JSON.stringify({ Env: [value] })))
    expect(error.details).toEqual(["/(configuration of the image) holds ‹secret TOKEN›"])
  })

  it("and passes where there is none", async () => {
    await search((at) => writeFileSync(join(at, "f"), value.slice(0, -1)))
  })

  it("but not for what is short, or cannot be read, and says so", async () => {
    const { secrets, notes } = await openSearch(benchWith({ TOKEN: "12345" }))
    expect(secrets).toEqual([])
    expect(notes).toEqual([
      "TOKEN is too short to be searched for in images",
      "OTHER cannot be read here, so images are not searched for it",
    ])
  })

  it("again when what is secret has changed", async () => {
    const seals = await Promise.all(
      [{ TOKEN: value }, { TOKEN: value }, { TOKEN: `${value}2` }].map(
        async (values) => (await openSearch(benchWith(values))).seal,
      ),
    )
    expect(seals[0]).toBe(seals[1])
    expect(seals[2]).not.toBe(seals[0])
    expect((await openSearch(testBench())).seal).toBeUndefined()
  })
})

it("reads long names and empty files of an archive", async () => {
  const long = `${"d".repeat(120)}-ü`
  const whole = await archive((at) => {
    writeFileSync(join(at, long), "content")
    writeFileSync(join(at, "empty"), "")
  })
  const seen = new Map<string, string>()
  for await (const { path, bytes: piece, first } of readTar(inPieces(whole, 700)))
    if (!first) seen.set(path, (seen.get(path) ?? "") + piece.toString().replaceAll("\0", ""))
  expect(seen).toEqual(new Map([[long, "content"]]))
})
