import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bake, base, patient } from "../../../src/testing/engine-support.ts"
import { testEngine, testProject } from "./support.ts"

describe("units that an image enables", () => {
  const project = testProject()
  const engine = testEngine(project)
  const wants = "/etc/systemd/system/multi-user.target.wants"
  beforeAll(() => engine.ensureBase(base), patient)
  afterAll(() => engine.destroy({ volumes: true }), patient)

  it.each<readonly [string, string, readonly string[]]>([
    ["nothing of plain Debian's own", "echo x >/srv/x", []],
    ["services", `ln -s /lib/systemd/system/x.service ${wants}/x.service`, ["x.service"]],
    [
      "timers, wherever they hang",
      "mkdir -p /etc/systemd/system/own.target.requires; ln -s /x.timer /etc/systemd/system/own.target.requires/x.timer",
      ["x.timer"],
    ],
    ["scripts of SysV", "ln -s ../init.d/x /etc/rc2.d/S03x; ln -s ../init.d/y /etc/rc2.d/K01y", ["x.service"]],
    [
      "sessions that begin at boot",
      "mkdir -p /var/lib/systemd/linger; >/var/lib/systemd/linger/games",
      ["user@games.service"],
    ],
  ])("are %s", { timeout: patient }, async (_, script, expected) => {
    const { digest } = await bake(engine, { base }, script)
    expect(await engine.unitsOf?.(digest)).toEqual(expected)
  })

  it("are not those that a later layer disables", { timeout: patient }, async () => {
    const lower = await bake(
      engine,
      { base },
      `ln -s /x.service ${wants}/x.service; ln -s /y.service ${wants}/y.service`,
    )
    const { digest } = await bake(engine, { image: lower.digest }, `rm ${wants}/x.service`)
    expect(await engine.unitsOf?.(lower.digest)).toEqual(["x.service", "y.service"])
    expect(await engine.unitsOf?.(digest)).toEqual(["y.service"])
  })
})
