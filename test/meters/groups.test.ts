import { describe, expect, it } from "vitest"
import { groupPaths, isInGroup } from "../../src/meters/groups.ts"

describe("a machine's control group", () => {
  it.each([
    ["one that an engine made", "0::/fc12-web-1/payload/init.scope", "fc12-web-1", { "": "/fc12-web-1" }],
    [
      "systemd's, which writes its dashes otherwise",
      "0::/machine.slice/machine-fc12\\x2dweb\\x2d1.scope/payload/system.slice/ssh.service",
      "fc12-web-1",
      { "": "/machine.slice/machine-fc12\\x2dweb\\x2d1.scope" },
    ],
    [
      "a container's, in trees of controllers",
      "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/",
      "abc",
      { memory: "/docker/abc", cpu: "/docker/abc", cpuacct: "/docker/abc" },
    ],
    ["a container's, by systemd", "0::/system.slice/docker-abc.scope", "abc", { "": "/system.slice/docker-abc.scope" }],
    ["none", "4:memory:/user\n0::/user.slice", "fc12-web-1", {}],
    ["nothing that could be read", "", "fc12-web-1", {}],
  ])("is found: %s", (_, text, group, paths) => {
    expect(Object.fromEntries(groupPaths(text, group))).toEqual(paths)
    expect(isInGroup(text, group)).toBe(Object.keys(paths).length > 0)
  })
})
