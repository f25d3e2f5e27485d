import { appendFile, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { place } from "../../src/engines/local/place.ts"
import { run } from "../../src/system/process.ts"
import { makeKeys } from "../support/keys.ts"
import { makeProject, type TestProject } from "../support/project.ts"

let project: TestProject

const write = (key: string, text = "signed"): Promise<void> =>
  project.write(
    "fireclay.config.ts",
    `import { allAtOnce, defineProject, fleet, key, local, replace, spec } from "fireclay"
import { command, file } from "fireclay/resources"

const web = spec("web", {
  resources: [
    command("tidy", { run: ["/bin/rm", "/etc/issue"], check: ["/usr/bin/test", "!", "-e", "/etc/issue"] }),
    file("/etc/greeting", { content: "${text}\\n" }),
  ],
})
const by = replace({ strategy: allAtOnce(), verify: key("${key}") })
export default defineProject({ name: "signed-test", fleets: { web: fleet(web, { on: local({ count: 1 }), by }) } })
`,
  )

beforeAll(async () => {
  project = await makeProject("signed")
  for (const name of ["own", "other"]) await makeKeys(project.directory, name)
  await write("./own.pub")
})

afterAll(async () => {
  delete process.env.FIRECLAY_SIGN_PASSPHRASE
  await project.fireclay("destroy", "--yes")
  await project.dispose()
})

/** What `apply` says; nothing has been started when it says anything but done. */
const apply = async () => {
  const { exitCode, json, stderr } = await project.fireclay("apply", "--yes")
  const { json: status } = await project.fireclay("status")
  const running = status.fleets.flatMap(({ members }: { members: readonly unknown[] }) => members).length
  const codes = stderr.match(/FC_[A-Z_]+/g) ?? []
  return { exitCode, running, codes: [...new Set([json?.error?.code, ...codes])].filter(Boolean) }
}

describe("an image that has to be signed", () => {
  it("starts nothing without a signature", async () => {
    expect(await apply()).toMatchObject({ running: 0, codes: expect.arrayContaining(["FC_IMAGE_UNSIGNED"]) })
  })

  it("starts nothing with another's signature", async () => {
    expect((await project.fireclay("build", "--sign", "other.key")).exitCode).toBe(0)
    expect(await apply()).toMatchObject({ running: 0, codes: expect.arrayContaining(["FC_IMAGE_SIGNATURE"]) })
  })

  it("starts nothing when it was changed where it lies", async () => {
    expect((await project.fireclay("build", "--sign", "own.key")).exitCode).toBe(0)
    const { home } = place({ project: "signed-test", projectDirectory: project.directory })
    const { stdout } = await run(["find", join(home, "layers"), "-path", "*/etc/greeting"])
    const greeting = stdout.toString().trim().split("\n")[0] ?? ""
    await writeFile(greeting, "tampered\n")
    expect(await apply()).toMatchObject({ running: 0, codes: expect.arrayContaining(["FC_IMAGE_DIGEST"]) })
    await run(["touch", "-d", "@1704067200", await restored(greeting, "signed\n")])

    const strange = join(greeting, "../strange")
    await writeFile(strange, "added\n")
    expect(await apply()).toMatchObject({ running: 0, codes: expect.arrayContaining(["FC_IMAGE_DIGEST"]) })
    await run(["rm", strange])

    const blobs = join(home, "images/blobs/sha256")
    const sizes = await run(["find", blobs, "-size", "+100k"])
    const archive = sizes.stdout.toString().trim().split("\n")[0] ?? ""
    expect(await readdir(blobs)).not.toEqual([])
    await appendFile(archive, "x")
    expect(await apply()).toMatchObject({ running: 0, codes: expect.arrayContaining(["FC_IMAGE_DIGEST"]) })
    await run(["truncate", "-s", "-1", archive])
  })

  it("starts with the right one", async () => {
    expect(await apply()).toEqual({ exitCode: 0, running: 1, codes: [] })
  })

  it("is signed with an encrypted key too, whose passphrase nobody sees", async () => {
    const path = (name: string): string => join(project.directory, name)
    const passphrase = "correct-horse-battery"
    const argv = ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", `pass:${passphrase}`]
    await run([...argv, "-in", path("own.key"), "-out", path("locked.key")])
    await write("./own.pub", "again")
    const without = await project.fireclay("build", "--sign", "locked.key")
    expect(without).toMatchObject({ exitCode: 1, json: { error: { code: "FC_SECRET_MISSING" } } })
    process.env.FIRECLAY_SIGN_PASSPHRASE = passphrase
    const built = await project.fireclay("build", "--sign", "locked.key")
    expect(built).toMatchObject({ exitCode: 0, json: { images: [{ signed: true }] } })
    expect(built.stdout + built.stderr).not.toContain(passphrase)
    expect(await apply()).toEqual({ exitCode: 0, running: 1, codes: [] })
  })
})

const restored = async (path: string, text: string): Promise<string> => {
  await writeFile(path, text)
  return path
}
