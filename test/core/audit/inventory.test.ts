import { describe, expect, it } from "vitest"
import { parseInventory, parseKey } from "../../../src/core/audit/inventory.ts"

// Of ssh-keygen: `ssh-keygen -lf` says the fingerprint.
const key = "AAAAC3NzaC1lZDI1NTE5AAAAIJNYbjaBROKhnj2gXRwRD7RV6QsfF/Rq8AfQs27KKeJ8"
const fingerprint = "SHA256:YyHh91/N3tHBRHcHpdjVHymzmjTRLflFZs7J1BACS7M"

describe("parseKey", () => {
  it.each<readonly [string, object]>([
    [`ssh-ed25519 ${key}`, { type: "ssh-ed25519", fingerprint, comment: "" }],
    [`ssh-ed25519 ${key} ann@laptop, at home`, { type: "ssh-ed25519", fingerprint, comment: "ann@laptop, at home" }],
    [
      `from="10.0.0.0/8",command="echo \\"a b\\"; ls",no-pty ssh-ed25519 ${key} deploy`,
      {
        type: "ssh-ed25519",
        fingerprint,
        comment: "deploy",
        options: 'from="10.0.0.0/8",command="echo \\"a b\\"; ls",no-pty',
      },
    ],
    [`restrict ssh-ed25519 ${key}`, { type: "ssh-ed25519", fingerprint, comment: "", options: "restrict" }],
    [`sk-ssh-ed25519@openssh.com ${key} usb`, { type: "sk-ssh-ed25519@openssh.com", fingerprint, comment: "usb" }],
    ["nonsense", { comment: "nonsense" }],
  ])("reads %s", (line, read) => {
    expect(parseKey(line)).toEqual(read)
  })
})

describe("parseInventory", () => {
  it("tells who can log in and what listens", () => {
    const text = [
      "system\tDebian GNU/Linux 12 (bookworm)",
      "account\troot\t0\t0\t/root\t/bin/bash\tlocked",
      "account\tdaemon\t1\t1\t/usr/sbin\t/usr/sbin/nologin\tlocked",
      `key\troot\t/root/.ssh/authorized_keys\tssh-ed25519 ${key} ann`,
      "sudo\t/etc/sudoers\troot ALL=(ALL:ALL) ALL",
      "port\ttcp\t0.0.0.0:22\tsshd",
      "packages\t141",
      "",
    ].join("\n")
    const place = { account: "root", file: "/root/.ssh/authorized_keys" }
    expect(parseInventory(text)).toEqual({
      system: "Debian GNU/Linux 12 (bookworm)",
      packages: 141,
      accounts: [
        { name: "root", uid: 0, gid: 0, home: "/root", shell: "/bin/bash", password: "locked", login: true },
        {
          ...{ name: "daemon", uid: 1, gid: 1, home: "/usr/sbin", shell: "/usr/sbin/nologin", password: "locked" },
          login: false,
        },
      ],
      keys: [{ ...place, type: "ssh-ed25519", fingerprint, comment: "ann" }],
      sudo: [{ file: "/etc/sudoers", rule: "root ALL=(ALL:ALL) ALL" }],
      ports: [{ protocol: "tcp", address: "0.0.0.0:22", program: "sshd" }],
    })
  })
})
