import { packageSuite } from "../../support/package-suite.ts"
import { openRootMachine } from "../../support/root-machine.ts"
import { aptPackager } from "../../support/test-packages.ts"

const base = { distribution: "debian", suite: "bookworm", include: [] } as const

packageSuite("apt", { open: () => openRootMachine(base), packager: aptPackager })
