import type { AccountWant, Step } from "../../contract/index.ts"
import { quoteAll } from "../quote.ts"

/** A step as a call of a verb of `library/`. */
export const stepCall = (step: Step): readonly string[] => {
  switch (step.do) {
    case "write-file":
      return ["write_file", step.path, step.content.sha256, octal(step.mode), step.owner, step.group]
    case "make-directory":
    case "set-ownership":
      return [
        step.do === "make-directory" ? "make_directory" : "set_ownership",
        step.path,
        octal(step.mode),
        step.owner,
        step.group,
      ]
    case "make-link":
      return ["make_link", step.path, step.target]
    case "remove-path":
      return ["remove_path", step.path]
    case "install-packages":
      return [
        "install_packages",
        ...step.packages.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
      ]
    case "remove-packages":
      return ["remove_packages", ...step.packages, "--", ...step.alongside]
    case "add-group":
      return ["account", "groupadd", ...(step.system ? ["--system"] : []), ...option("--gid", step.gid), step.name]
    case "change-group":
      return ["account", "groupmod", "--gid", String(step.gid), step.name]
    case "remove-group":
      return ["account", "groupdel", step.name]
    case "add-user":
      return [
        "account",
        "useradd",
        ...accountWords(step),
        ...(step.system ? ["--system"] : []),
        step.createHome === true ? "--create-home" : "--no-create-home",
        step.name,
      ]
    case "change-user":
      return ["account", "usermod", ...accountWords(step), step.name]
    case "remove-user":
      return ["account", "userdel", step.name]
    case "reload-units":
      return ["reload_units"]
    case "run-command": {
      const undo = step.undo === undefined ? [] : [...how(step), ...step.undo]
      const words = [String(undo.length), ...undo, ...how(step), ...step.argv]
      return step.secrets === undefined
        ? ["run_command", ...words]
        : ["run_secretly", step.secrets.sha256, "run_command", ...words]
    }
    default:
      return ["unit", step.do.replace(/-unit$/, ""), step.unit]
  }
}

/** Verbs whose effect cannot be taken back. */
export const isReversible = (step: Step): boolean => step.do !== "run-command" || step.undo !== undefined

/** The steps as lines of shell, in the order given: `s NUMBER VERB WORDS…`. */
export const compileSteps = (steps: readonly Step[]): readonly string[] =>
  steps.map((step, index) => `s ${index + 1} ${quoteAll(stepCall(step))}`)

/** Five digits: with fewer, chmod lets a directory keep the set-group-ID bit that it had or inherited. */
const octal = (mode: number): string => mode.toString(8).padStart(5, "0")

const option = (flag: string, value: string | number | undefined): readonly string[] =>
  value === undefined ? [] : [flag, String(value)]

const accountWords = (want: AccountWant): readonly string[] => [
  ...option("--uid", want.uid),
  ...option("--gid", want.group),
  ...option("--groups", want.groups?.join(",")),
  ...option("--comment", want.comment),
  ...option("--home", want.home),
  ...option("--shell", want.shell),
]

/** Takes what it exports from a file, so that no list of processes shows it. */
const withSecrets: readonly string[] = ["sh", "-c", '. "$FC_SECRETS" && unset FC_SECRETS && exec "$@"', "sh"]

const how = (step: Extract<Step, { do: "run-command" }>): readonly string[] => [
  ...(step.secrets === undefined ? [] : withSecrets),
  ...(step.user === undefined ? [] : ["runuser", "-u", step.user, "--"]),
  "env",
  ...(step.directory === undefined ? [] : ["-C", step.directory]),
  ...Object.entries(step.environment ?? {}).map(([name, value]) => `${name}=${value}`),
]
