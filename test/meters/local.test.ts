import { localEngine, meteredLocal } from "../../src/engines/index.ts"
import { testProject } from "../engines/local/support.ts"
import { machineSuite } from "./machine-suite.ts"

const { options } = testProject()
const engine = localEngine(options)
machineSuite("local", {
  engine: () => engine,
  metered: () => meteredLocal(options),
  within: (script) => `cat >/root/burn <<'END'\n${script}\nEND\nsystemd-run --quiet --wait --pipe sh /root/burn`,
})
