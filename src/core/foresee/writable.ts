import { FireclayError, type Step } from "../../contract/index.ts"
import { home } from "../transaction/paths.ts"
import { type Check, groundOf, type Outlook } from "./outlook.ts"

/** Where packages write to. */
const packagePlaces = ["/usr", "/var/lib"]

/** File systems that take no writes. Root is refused by nothing else, but for attributes such as `immutable`. */
export const checkWritable: Check = (outlook) => {
  const grounds = [home, ...outlook.steps.flatMap(placesOf)].flatMap((path) => {
    const ground = groundOf(outlook, path)
    return ground === undefined || ground.isWritable ? [] : [ground.path]
  })
  return { errors: [...new Set(grounds)].map((path) => readOnly(outlook, path)), notes: [] }
}

const placesOf = (step: Step): readonly string[] => {
  if ("path" in step) return [step.do === "set-ownership" ? step.path : parentOf(step.path)]
  return "packages" in step ? packagePlaces : []
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"

const readOnly = (outlook: Outlook, path: string): FireclayError =>
  outlook.isRoot
    ? new FireclayError("FC_READ_ONLY", `${path} cannot be written to: its file system is read-only`, {
        at: outlook.machine,
        remedy: `on the machine: mount -o remount,rw … for findmnt -T ${path}; if it is writable, see lsattr -d ${path}`,
      })
    : new FireclayError("FC_NO_PERMISSION", `${path} cannot be written to by the account that is logged in`, {
        at: outlook.machine,
        remedy: "log in as root, or give the host sudo: true",
      })
