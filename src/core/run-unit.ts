import { type Resource, type SecretData, type Spec, splitEnvironment } from "../contract/index.ts"
import { instanceEnvironmentPath } from "./start-files.ts"

/** The unit that serves a spec. The prefix keeps it apart from what packages bring. */
export const unitName = (spec: Pick<Spec, "name">): string => `fireclay-${spec.name}.service`

/** A spec's `run` as resources: a unit file and a service that restarts when something it depends on changes. */
export const runResources = (
  spec: Spec,
  resources: readonly Resource[] = typeof spec.resources === "function" ? [] : spec.resources,
): readonly Resource[] => {
  if (spec.run === undefined) return []
  const path = `/etc/systemd/system/${unitName(spec)}`
  const { secrets } = splitEnvironment(spec.run.environment)
  const secretFiles = Object.keys(secrets).length === 0 ? [] : [secretFile(spec, secrets)]
  const restartOn = [
    ...(spec.run.restartOn ?? resources.filter(isDependency).map(({ id }) => id)),
    path,
    ...secretFiles.map(({ id }) => id),
  ]
  return [
    ...secretFiles,
    {
      type: "file",
      id: `file:${path}`,
      want: { path, mode: 0o644, owner: "root", group: "root" },
      sources: [{ text: renderUnit(spec) }],
    },
    {
      type: "service",
      id: `service:${unitName(spec)}`,
      want: { unit: unitName(spec), enabled: true, running: true, restartOn, reloadOn: [] },
    },
  ]
}

/** Where the variables of a unit that are secrets stand: for root only, and read by systemd when it starts the unit. */
const secretsPath = ({ name }: Pick<Spec, "name">): string => `/etc/fireclay/${name}.env`

const secretFile = (spec: Spec, assignments: { readonly [name: string]: SecretData }): Resource => ({
  type: "file",
  id: `file:${secretsPath(spec)}`,
  want: { path: secretsPath(spec), mode: 0o600, owner: "root", group: "root" },
  sources: [{ assignments, form: "unit", at: `specs.${spec.name}.run.environment` }],
})

const isDependency = ({ type }: Resource): boolean => type !== "service"

/** Hardened as far as an unknown program allows: it sees the system read-only, and gets no new rights. */
const renderUnit = (spec: Spec): string => {
  const { run, port, volumes } = spec
  if (run === undefined) return ""
  const writable = [...volumes.map(({ path }) => path), ...(run.writable ?? [])]
  const { plain, secrets } = splitEnvironment(run.environment)
  const lowPort = port !== undefined && port < 1024 && run.user !== undefined
  return lines([
    "# Made by Fireclay; changes are undone by the next apply.",
    "[Unit]",
    `Description=${spec.name}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${run.command.map(unitWord).join(" ")}`,
    run.user !== undefined && `User=${run.user}`,
    run.directory !== undefined && `WorkingDirectory=${run.directory.replaceAll("%", "%%")}`,
    `EnvironmentFile=-${instanceEnvironmentPath}`,
    ...Object.entries(plain).map(([key, value]) => `Environment=${unitValue(`${key}=${value}`)}`),
    Object.keys(secrets).length > 0 && `EnvironmentFile=${secretsPath(spec)}`,
    "Restart=always",
    "RestartSec=1",
    "TimeoutStopSec=20",
    "NoNewPrivileges=yes",
    "PrivateTmp=yes",
    "ProtectHome=yes",
    "ProtectSystem=strict",
    ...writable.map((path) => `ReadWritePaths=${unitValue(path)}`),
    "ProtectControlGroups=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    lowPort && "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ])
}

const lines = (all: readonly (string | false)[]): string => `${all.filter((line) => line !== false).join("\n")}\n`

/** systemd.syntax(7): quoted, with `%` and backslash doubled. */
const unitValue = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("\n", "\\n")}"`

/** In a command line `$` would be a variable. */
const unitWord = (word: string): string => unitValue(word).replaceAll("$", "$$$$")
