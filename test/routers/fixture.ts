import { readdir } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { placesOf } from "../../src/routers/haproxy/files.ts"
import { findProcesses } from "../../src/routers/haproxy/process.ts"
import { type HaproxyOptions, haproxyRouter } from "../../src/routers/index.ts"
import type { RouterUnderTest } from "../../src/testing/router-suite.ts"

/** A port that nobody listened on a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** HAProxy on 127.0.0.1 with its files in `home`, which need not exist. */
export const underTest = async (
  home: string,
  more: Partial<HaproxyOptions> = {},
): Promise<RouterUnderTest & { readonly options: HaproxyOptions; readonly crash: () => Promise<void> }> => {
  const [listen, preview] = [await freePort(), await freePort()]
  const options = { fleet: "web", home, listen, preview, bind: "127.0.0.1", ...more }
  const places = placesOf(home)
  return {
    options,
    router: haproxyRouter(options),
    reopen: () => haproxyRouter(options),
    url: `http://127.0.0.1:${options.listen}/`,
    previewUrl: `http://127.0.0.1:${options.preview}/`,
    crash: () => killAll(places.config),
    leftovers: async () => [
      ...(await findProcesses(places.config)).map((pid) => `process ${pid}`),
      ...(await readdir(home).catch(() => [])),
      ...(await readdir(`${places.socket}/..`).catch(() => [])),
    ],
  }
}

const killAll = async (config: string): Promise<void> => {
  for (const pid of await findProcesses(config)) process.kill(pid, "SIGKILL")
  while ((await findProcesses(config)).length > 0) await sleep(5)
}
