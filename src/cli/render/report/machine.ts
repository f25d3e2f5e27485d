import type { AuditedKey, Inventory, MachineAudit } from "../../../core/index.ts"
import { type Html, html } from "../page/html.ts"
import { type Table, tableOf } from "../page/table.ts"

/** Who may do what on a machine, and what listens there. */
export const machineSection = (audited: MachineAudit): Html => html`<section aria-label="Machine ${audited.machine}">
<h3>Machine ${audited.machine}</h3>
${
  "problem" in audited
    ? html`<p class="bad">It could not be looked at: ${audited.problem.code} ${audited.problem.message}</p>`
    : inventoryOf(audited.machine, audited.inventory)
}
</section>`

const inventoryOf = (machine: string, inventory: Inventory): Html => {
  const { system, packages, accounts } = inventory
  const people = accounts.filter(({ login }) => login)
  const services = accounts.filter(({ login }) => !login)
  return html`<p class="soft">${[system, packages === undefined ? undefined : `${packages} packages`].filter((word) => word !== undefined).join(", ")}</p>
<h4>Accounts</h4>
${tableOf(accountsOf(machine, people))}
<p class="soft">Besides these, ${services.length} that nobody can log in to: ${services.map(({ name }) => name).join(", ")}</p>
<h4>Keys that let somebody in</h4>
${tableOf(keysOf(machine, inventory))}
<h4>Sudo rules</h4>
${tableOf(sudoOf(machine, inventory))}
<h4>Open ports</h4>
${tableOf(portsOf(machine, inventory))}`
}

const accountsOf = (machine: string, accounts: Inventory["accounts"]): Table => ({
  caption: `Accounts of ${machine} with a shell that lets people in`,
  head: ["account", "number", "home", "shell", "password"],
  rows: accounts.map(({ name, uid, home, shell, password }) => [
    uid === 0 && name !== "root" ? { bad: name } : name,
    String(uid),
    home,
    shell,
    password === "none" ? { bad: "none is asked for" } : password,
  ]),
  none: "There are none.",
})

const keysOf = (machine: string, { keys }: Inventory): Table => ({
  caption: `Keys of ${machine}`,
  head: ["account", "type", "fingerprint", "comment", "restricted by", "file"],
  rows: keys.map(({ account, type, fingerprint, comment, options, file }: AuditedKey) => [
    account,
    type ?? { bad: "no key" },
    { code: fingerprint ?? "" },
    comment,
    options ?? "",
    file,
  ]),
  none: "There are none.",
})

const sudoOf = (machine: string, { sudo }: Inventory): Table => ({
  caption: `Rules of sudo on ${machine}`,
  head: ["rule", "file"],
  rows: sudo.map(({ rule, file }) => [/NOPASSWD/.test(rule) ? { bad: rule } : rule, file]),
  none: "There is no sudo, or no rule of it.",
})

const portsOf = (machine: string, { ports }: Inventory): Table => ({
  caption: `What listens on ${machine}`,
  head: ["protocol", "address", "program"],
  rows: ports.map(({ protocol, address, program }) => [protocol, address, program]),
  none: "Nothing listens.",
})
