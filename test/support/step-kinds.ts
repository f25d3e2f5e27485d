import type { Step } from "../../src/contract/index.ts"

/** Every kind of step, by name, so that the compiler misses a new one here and tests then miss it in their tables. */
const kinds: { readonly [K in Step["do"]]: true } = {
  "write-file": true,
  "make-directory": true,
  "make-link": true,
  "set-ownership": true,
  "remove-path": true,
  "install-packages": true,
  "upgrade-packages": true,
  "remove-packages": true,
  "add-group": true,
  "change-group": true,
  "remove-group": true,
  "add-user": true,
  "change-user": true,
  "remove-user": true,
  "reload-units": true,
  "enable-unit": true,
  "disable-unit": true,
  "start-unit": true,
  "stop-unit": true,
  "restart-unit": true,
  "reload-unit": true,
  "run-command": true,
}

export const stepKinds: ReadonlySet<string> = new Set(Object.keys(kinds))
