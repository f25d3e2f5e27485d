import { type Resource, type Run, type SecretData, type Spec, splitEnvironment } from "../contract/index.ts"
import { instanceEnvironmentPath } from "./start-files.ts"

/** The unit that serves a spec. The prefix keeps it apart from what packages bring. */
export const unitName = (spec: Pick<Spec, "name">): string => `fireclay-${spec.name}.service`

/** What runs once in each rollout. It is started by its name, and by nothing else. */
export const taskUnitName = (spec: Pick<Spec, "name">): string => `fireclay-${spec.name}-release.service`

/**
 * What a spec runs as resources: of each program a unit file and a service that restarts when something it depends on
 * changes, and of what runs once a unit file.
 */
export const runResources = (
  spec: Spec,
  resources: readonly Resource[] = typeof spec.resources === "function" ? [] : spec.resources,
): readonly Resource[] =>
  programsOf(spec).flatMap((program) => {
    const { unit, run } = program
    const path = `/etc/systemd/system/${unit}`
    const { secrets } = splitEnvironment(run.environment)
    const secretFiles = Object.keys(secrets).length === 0 ? [] : [secretFile(program, secrets)]
    const unitFile = {
      type: "file",
      id: `file:${path}`,
      want: { path, mode: 0o644, owner: "root", group: "root" },
      sources: [{ text: renderUnit(spec, program) }],
    }
    if (program.timeoutMs !== undefined) return [...secretFiles, unitFile]
    const restartOn = [
      ...(run.restartOn ?? resources.filter(isDependency).map(({ id }) => id)),
      path,
      ...secretFiles.map(({ id }) => id),
    ]
    const want = { unit, enabled: true, running: true, restartOn, reloadOn: [] }
    return [...secretFiles, unitFile, { type: "service", id: `service:${unit}`, want }]
  })

/** Directories that the programs of a spec may write to besides its volumes. */
export const writableOf = (spec: Spec): readonly string[] => [
  ...new Set(programsOf(spec).flatMap(({ run }) => run.writable ?? [])),
]

interface Program {
  readonly unit: string
  readonly description: string
  readonly run: Run
  /** Where its variables that are secrets stand: for root only, and read by systemd when it starts the unit. */
  readonly secretsPath: string
  /** Where the configuration describes it. */
  readonly at: string
  /** It serves on the port. */
  readonly serves: boolean
  /** It runs to its end, in so long at most. Absent: it runs always. */
  readonly timeoutMs?: number
}

/** Where the variables of `run` that are secrets stand. */
export const secretsPathOf = ({ name }: Pick<Spec, "name">): string => `/etc/fireclay/${name}.env`

const programsOf = (spec: Spec): readonly Program[] => {
  const { name, run, processes = {}, release } = spec
  const further = (part: string, at: string) => ({
    description: `${name} ${part}`,
    secretsPath: `/etc/fireclay/${name}-${part}.env`,
    at: `specs.${name}.${at}`,
    serves: false,
  })
  const main = { description: name, secretsPath: secretsPathOf(spec), at: `specs.${name}.run`, serves: true }
  return [
    ...(run === undefined ? [] : [{ unit: unitName(spec), run, ...main }]),
    ...Object.entries(processes).map(([part, each]) => ({
      unit: `fireclay-${name}-${part}.service`,
      run: each,
      ...further(part, `processes.${part}`),
    })),
    ...(release === undefined
      ? []
      : [{ unit: taskUnitName(spec), run: release, ...further("release", "release"), timeoutMs: release.timeoutMs }]),
  ]
}

const secretFile = ({ secretsPath, at }: Program, assignments: { readonly [name: string]: SecretData }): Resource => ({
  type: "file",
  id: `file:${secretsPath}`,
  want: { path: secretsPath, mode: 0o600, owner: "root", group: "root" },
  sources: [{ assignments, form: "unit", at: `${at}.environment` }],
})

const isDependency = ({ type }: Resource): boolean => type !== "service"

/** Hardened as far as an unknown program allows: it sees the system read-only, and gets no new rights. */
const renderUnit = ({ port, volumes }: Spec, program: Program): string => {
  const { run, description, secretsPath, timeoutMs } = program
  const writable = [...volumes.map(({ path }) => path), ...(run.writable ?? [])]
  const { plain, secrets } = splitEnvironment(run.environment)
  const lowPort = program.serves && port !== undefined && port < 1024 && run.user !== undefined
  return lines([
    "# Made by Fireclay; changes are undone by the next apply.",
    "[Unit]",
    `Description=${description}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    timeoutMs === undefined ? "Type=exec" : "Type=oneshot",
    `ExecStart=${run.command.map(unitWord).join(" ")}`,
    run.user !== undefined && `User=${run.user}`,
    run.directory !== undefined && `WorkingDirectory=${run.directory.replaceAll("%", "%%")}`,
    `EnvironmentFile=-${instanceEnvironmentPath}`,
    ...Object.entries(plain).map(([key, value]) => `Environment=${unitValue(`${key}=${value}`)}`),
    Object.keys(secrets).length > 0 && `EnvironmentFile=${secretsPath}`,
    ...(timeoutMs === undefined
      ? ["Restart=always", "RestartSec=1", "TimeoutStopSec=20"]
      : [`TimeoutStartSec=${Math.ceil(timeoutMs / 1000)}`]),
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
    ...(timeoutMs === undefined ? ["", "[Install]", "WantedBy=multi-user.target"] : []),
  ])
}

const lines = (all: readonly (string | false)[]): string => `${all.filter((line) => line !== false).join("\n")}\n`

/** systemd.syntax(7): quoted, with `%` and backslash doubled. */
const unitValue = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("\n", "\\n")}"`

/** In a command line `$` would be a variable. */
const unitWord = (word: string): string => unitValue(word).replaceAll("$", "$$$$")
