import { z } from "zod"
import { FireclayError } from "../contract/index.ts"
import { check } from "../schema/check.ts"
import { deepFreeze } from "./freeze.ts"
import type { HostsFrom } from "./ssh.ts"

export interface AnsibleInventoryOptions {
  /** Only the hosts of this group and of those below it. Default: all. */
  readonly group?: string
  /**
   * Of those only some, as `ansible --limit` has it: names of hosts and groups, `*` for any characters, `!web3` for all but
   * that, `&staging` for those that are also there.
   */
  readonly limit?: string | readonly string[]
}

/**
 * The servers of an Ansible inventory, in its INI or YAML form (by its name: `.yml`, `.yaml`, `.json`), with the `group_vars` and
 * `host_vars` beside it. Of each host are taken: address, port, user, key, whether it becomes root, and a jump host; its
 * groups become tags.
 *
 * @param file relative to the configuration
 * @example
 * ssh({ hosts: ansibleInventory("hosts.ini", { group: "web" }), sudo: { password: { env: "SUDO_PASSWORD" } } })
 */
export const ansibleInventory = (file: string, options: AnsibleInventoryOptions = {}): HostsFrom => {
  const at = `ansibleInventory("${file}")`
  const { limit, group } = check(ansibleSchema, options, at)
  return deepFreeze({ kind: "ansible", file: check(path, file, at), group, limit })
}

/** `outputs.json` as `terraform output -json` prints it, or a state of version 4, and what of it names hosts. */
export type TerraformOptions =
  | { readonly file: string; readonly output: string }
  | { readonly state: string; readonly output: string }
  | {
      readonly state: string
      /** Its address: `aws_instance.web`, `module.web.aws_instance.this`. */
      readonly resource: string
      /** What is connected to: `public_ip`, `network_interface.0.network_ip`. */
      readonly attribute: string
      /** What the fleet calls each, such as `tags.Name`. Default: the key of `for_each`, or the resource's name and number. */
      readonly name?: string
    }

/**
 * Servers that Terraform made. An output is an address, a list of them or a map by names, or of objects such as
 * `{ address = "10.0.0.1", user = "admin", port = 22 }`. Sensitive values are refused, for plans show hosts.
 *
 * @example
 * ssh({ hosts: terraform({ file: "outputs.json", output: "web_addresses" }), user: "admin", sudo: true })
 * @example
 * ssh({ hosts: terraform({ state: "terraform.tfstate", resource: "aws_instance.web", attribute: "public_ip" }) })
 */
export const terraform = (options: TerraformOptions): HostsFrom => {
  const { file, state, output, resource, attribute, name } = check(terraformSchema, options, "terraform")
  const wrong = (message: string, remedy: string): FireclayError =>
    new FireclayError("FC_SPEC_VALUE", message, { at: "terraform", remedy })
  const read = file ?? state
  if (read === undefined || (file !== undefined && state !== undefined))
    throw wrong("hosts come from one file", "give file (of terraform output -json) or state")
  const is = file === undefined ? "state" : "outputs"
  if (output !== undefined && resource === undefined)
    return deepFreeze({ kind: "terraform", file: read, is, take: { output } })
  if (output !== undefined || resource === undefined || attribute === undefined || is === "outputs")
    throw wrong("it is not clear what of it names hosts", "give output, or state with resource and attribute")
  return deepFreeze({ kind: "terraform", file: read, is, take: { resource, attribute, name } })
}

const path = z.string().min(1, "the name of the file is empty")
const word = z.string().min(1, "this is empty")

const ansibleSchema = z.strictObject({
  group: word.optional(),
  limit: z.union([word.transform((text) => [text]), z.array(word)]).optional(),
})

const terraformSchema = z.strictObject({
  file: path.optional(),
  state: path.optional(),
  output: word.optional(),
  resource: word.optional(),
  attribute: word.optional(),
  name: word.optional(),
})
