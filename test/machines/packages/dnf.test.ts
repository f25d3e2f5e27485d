import { packageSuite } from "../../support/package-suite.ts"
import { openRootMachine } from "../../support/root-machine.ts"
import { dnfPackager, onlyDnf } from "../../support/test-rpms.ts"

const base = { distribution: "debian", suite: "bookworm", include: ["createrepo-c", "dnf", "rpm"] } as const

packageSuite("dnf", {
  open: async () => {
    const root = await openRootMachine(base)
    await onlyDnf(root)
    return root
  },
  packager: dnfPackager,
})
