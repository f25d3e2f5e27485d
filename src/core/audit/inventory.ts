import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { FireclayError, type Machine } from "../../contract/index.ts"

/** Who may do what on a machine, and what listens there. */
export interface Inventory {
  /** As the system calls itself. */
  readonly system?: string
  readonly packages?: number
  readonly accounts: readonly AuditedAccount[]
  readonly keys: readonly AuditedKey[]
  readonly sudo: readonly { readonly file: string; readonly rule: string }[]
  readonly ports: readonly { readonly protocol: string; readonly address: string; readonly program: string }[]
}

export interface AuditedAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
  readonly password: "set" | "locked" | "none"
  /** It has a shell that lets people in. */
  readonly login: boolean
}

/** A key that lets its owner in, of one line of an `authorized_keys` file. */
export interface AuditedKey {
  readonly account: string
  readonly file: string
  /** Absent: the line is none that OpenSSH would take. */
  readonly type?: string
  /** `SHA256:…`, as `ssh-keygen -l` has it. */
  readonly fingerprint?: string
  readonly comment: string
  /** `command="…"`, `from="…"` … */
  readonly options?: string
}

/** One round trip. @throws FireclayError FC_MACHINE_COMMAND */
export const takeInventory = async (machine: Machine): Promise<Inventory> => {
  const { exitCode, stdout, stderr } = await machine.sh(await readFile(library, "utf8"))
  if (exitCode !== 0)
    throw new FireclayError("FC_MACHINE_COMMAND", "the machine did not say what is on it", {
      at: machine.name,
      remedy: "it needs awk, sed and sort",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  return parseInventory(stdout.toString())
}

const library = new URL("./inventory.sh", import.meta.url)

/** Pure. */
export const parseInventory = (text: string): Inventory => {
  const rows = text.split("\n").map((line) => line.split("\t"))
  const of = (kind: string): readonly (readonly string[])[] =>
    rows.filter(([first]) => first === kind).map(([, ...rest]) => rest)
  const [system] = of("system")
  const [packages] = of("packages")
  return {
    ...(system?.[0] === undefined ? {} : { system: system[0] }),
    ...(packages?.[0] === undefined ? {} : { packages: Number(packages[0]) }),
    accounts: of("account").map(toAccount),
    keys: of("key").map(([account = "", file = "", line = ""]) => ({ account, file, ...parseKey(line) })),
    sudo: of("sudo").map(([file = "", rule = ""]) => ({ file, rule })),
    ports: of("port").map(([protocol = "", address = "", program = ""]) => ({ protocol, address, program })),
  }
}

const toAccount = ([
  name = "",
  uid = "",
  gid = "",
  home = "",
  shell = "",
  password = "",
]: readonly string[]): AuditedAccount => ({
  name,
  uid: Number(uid),
  gid: Number(gid),
  home,
  shell,
  password: password === "set" || password === "none" ? password : "locked",
  login: !/(^|\/)(nologin|false|sync)$/.test(shell),
})

/** Pure: `OPTIONS TYPE BASE64 COMMENT`, as sshd(8) describes it. Options may hold quoted blanks. */
export const parseKey = (line: string): Omit<AuditedKey, "account" | "file"> => {
  const match =
    /^(?:((?:[^\s"]|"(?:\\"|[^"])*")+)\s+)??((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s+(.*))?$/.exec(
      line,
    )
  if (match === null) return { comment: line }
  const [, options, type = "", key = "", comment = ""] = match
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "")
  return { type, fingerprint: `SHA256:${digest}`, comment, ...(options === undefined ? {} : { options }) }
}
