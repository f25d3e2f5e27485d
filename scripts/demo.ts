// debian: systemd-container mmdebstrap haproxy iproute2 iptables openssh-client
// `npm run demo`: the main job on this machine, with the base cached inside the checkout.
import { join } from "node:path"
import { main } from "../src/cli/main.ts"

process.env.FIRECLAY_CACHE ??= join(import.meta.dirname, "..", "node_modules", ".cache", "fireclay")
await main(["demo", ...process.argv.slice(2)])
