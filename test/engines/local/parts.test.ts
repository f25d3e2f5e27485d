import { lstat, mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { copySkeleton, pathInRoot, writeInRoot } from "../../../src/engines/local/files.ts"
import { withLock } from "../../../src/engines/local/lock.ts"
import { instanceId, isOurs, place, scratchId } from "../../../src/engines/local/place.ts"
import { fateOf } from "../../../src/engines/local/varying.ts"
import { withDirectory } from "./support.ts"

describe("place", () => {
  const one = place({ project: "shop", projectDirectory: "/srv/shop", cache: "/c" })

  it("gives each directory of a project machines of its own", () => {
    const other = place({ project: "shop", projectDirectory: "/srv/other", cache: "/c" })
    expect(one.home).toMatch(/^\/var\/lib\/fireclay-local\/shop-[0-9a-f]{8}$/)
    expect(other.home).not.toBe(one.home)
    expect(other.bridge).not.toBe(one.bridge)
  })

  it("leaves room for a link's name of fifteen characters", () => {
    expect(`${one.bridge}v254`.length).toBeLessThanOrEqual(15)
  })

  it("knows its own machines from others'", () => {
    expect(isOurs(one, instanceId(one, "web-1"))).toBe(true)
    expect(isOurs(one, scratchId(one, "s1"))).toBe(true)
    expect(isOurs(one, `${one.bridge}0-web-1`)).toBe(false)
    expect(instanceId(one, "s1")).not.toBe(scratchId(one, "s1"))
  })
})

describe("paths in a root", () => {
  it("never lead out of it", () =>
    withDirectory(async (root) => {
      await mkdir(join(root, "run"))
      await mkdir(join(root, "var"))
      await symlink("/run", join(root, "var/run"))
      await symlink("../../../../etc", join(root, "var/up"))
      expect(await pathInRoot(root, "/var/run/x/y")).toBe(join(root, "run/x/y"))
      expect(await pathInRoot(root, "/var/up/passwd")).toBe(join(root, "etc/passwd"))
      expect(await pathInRoot(root, "/../../a/./b")).toBe(join(root, "a/b"))
    }))

  it("that go round in circles are an error", () =>
    withDirectory(async (root) => {
      await symlink("b", join(root, "a"))
      await symlink("a", join(root, "b"))
      await expect(pathInRoot(root, "/a/x")).rejects.toMatchObject({ code: "FC_SPEC_PATH" })
    }))

  it("are written to in place of a link, not through it", () =>
    withDirectory(async (root) => {
      await mkdir(join(root, "etc"))
      await writeFile(join(root, "target"), "untouched")
      await symlink("../target", join(root, "etc/resolv.conf"))
      await writeInRoot(root, "/etc/resolv.conf", "new\n")
      expect(await readFile(join(root, "target"), "utf8")).toBe("untouched")
      expect(await readFile(join(root, "etc/resolv.conf"), "utf8")).toBe("new\n")
    }))
})

describe("a skeleton", () => {
  it("has a tree's directories with their owners and modes, and no files", () =>
    withDirectory(async (root) => {
      await mkdir(join(root, "log/app"), { recursive: true, mode: 0o2770 })
      await writeFile(join(root, "log/app/app.log"), "x")
      await copySkeleton(join(root, "log"), join(root, "copy"))
      const [before, after] = await Promise.all([lstat(join(root, "log/app")), lstat(join(root, "copy/app"))])
      expect(after).toMatchObject({ mode: before.mode, uid: before.uid, gid: before.gid })
      await expect(lstat(join(root, "copy/app/app.log"))).rejects.toMatchObject({ code: "ENOENT" })
    }))
})

describe("what varies", () => {
  it.each([
    ["etc/passwd", "keep"],
    ["etc/passwd-", "drop"],
    ["etc/ssh/ssh_host_rsa_key.pub", "drop"],
    ["etc/ssh/sshd_config", "keep"],
    ["tmp", "keep"],
    ["tmp/x", "drop"],
    ["var/log/nginx", "skeleton"],
    ["var/cache/debconf/config.dat", "keep"],
    ["var/cache/debconf/config.dat-old", "skeleton"],
    ["var/lib/dpkg/status", "keep"],
    ["var/lib/dpkg/status-old", "drop"],
    ["var/lib/dpkg/info/x-old", "keep"],
    ["var/lib/fireclay/current.json", "drop"],
    ["srv/tmp/x", "keep"],
    ["usr/lib/python3/__pycache__/a.pyc", "keep"],
  ] as const)("%s: %s", (path, fate) => {
    expect(fateOf(path)).toBe(fate)
  })
})

describe("a lock", () => {
  it("is held by one at a time", () =>
    withDirectory(async (directory) => {
      let holders = 0
      let most = 0
      const hold = (): Promise<void> =>
        withLock(directory, async () => {
          most = Math.max(most, ++holders)
          await new Promise((resolve) => setTimeout(resolve, 5))
          holders--
        })
      await Promise.all(Array.from({ length: 8 }, hold))
      expect(most).toBe(1)
    }))

  it("is given back when the work fails", () =>
    withDirectory(async (directory) => {
      await expect(withLock(directory, () => Promise.reject(new Error("no")))).rejects.toThrow("no")
      expect(await withLock(directory, async () => "again")).toBe("again")
    }))

  it("says so when it cannot be had", async () => {
    await expect(withLock("/nonexistent/directory", async () => "never")).rejects.toThrow("/nonexistent/directory")
  })
})
