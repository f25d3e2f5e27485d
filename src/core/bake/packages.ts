import { FireclayError, type Machine } from "../../contract/index.ts"

/** Versions by the names of packages. */
export type Versions = { readonly [name: string]: string }

const pins = "/etc/apt/preferences.d/fireclay-lock"

/**
 * Makes apt take just these versions, of what comes along too; what is not among them it takes as offered. Answers what is
 * installed now.
 *
 * @param refresh asks the sources for what they offer today first
 */
export const holdVersions = async (machine: Machine, versions: Versions, refresh: boolean): Promise<Versions> => {
  const lines = Object.entries(versions)
    .filter(([name]) => !name.includes(":"))
    .map(([name, version]) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`)
  const script = [
    "command -v apt-get >/dev/null || exit 0",
    ...(refresh ? ["apt-get -q -o APT::Sandbox::User=root update >/dev/null || exit"] : []),
    ...(lines.length > 0 ? [`mkdir -p ${pins.slice(0, pins.lastIndexOf("/"))} && cat >${pins} || exit`] : []),
    listInstalled,
  ]
  return answer(machine, script, Buffer.from(lines.join("\n")))
}

/** Lets go of them again, and answers what has come. */
export const releaseVersions = async (machine: Machine, before: Versions): Promise<Versions> => {
  const after = await answer(machine, ["command -v apt-get >/dev/null || exit 0", `rm -f ${pins}`, listInstalled])
  return Object.fromEntries(Object.entries(after).filter(([name, version]) => before[name] !== version))
}

const listInstalled = [
  "dpkg --print-architecture",
  "dpkg-query -W -f '${Package} ${Architecture} ${Version} ${db:Status-Status}\\n' | sed -n 's/ installed$//p'",
].join("\n")

const answer = async (machine: Machine, script: readonly string[], input?: Uint8Array): Promise<Versions> => {
  const options = input === undefined ? {} : { input }
  const { exitCode, stdout, stderr } = await machine.sh(script.join("\n"), options)
  if (exitCode !== 0)
    throw new FireclayError("FC_BAKE_FAILED", "the package manager could not be asked", {
      at: machine.name,
      remedy: "are the sources of packages reachable from here?",
      details: stderr.toString().trimEnd().split("\n").slice(-8),
    })
  const [own, ...lines] = stdout.toString().trimEnd().split("\n")
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", architecture = "", version = ""] = line.split(" ")
      return [architecture === own || architecture === "all" ? name : `${name}:${architecture}`, version]
    }),
  )
}
