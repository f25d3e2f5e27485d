import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "../../../src/system/free-port.ts"
import { start } from "../../../src/system/process.ts"

export { freePort } from "../../../src/system/free-port.ts"

/** The application as a plain process of this computer. */
export interface RunningApp {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Asks it to stop; answers its exit code once it has. */
  readonly stop: () => Promise<number | null>
}

export const appPath = join(import.meta.dirname, "app.py")

export const startApp = async (version: string): Promise<RunningApp> => {
  const port = await freePort()
  const child = start(["/usr/bin/python3", appPath, String(port), version], { stdio: ["ignore", "ignore", "inherit"] })
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(`${url}/health`))) {
    if (child.exitCode !== null) throw new Error(`the application ended with ${child.exitCode}`)
    await sleep(10)
  }
  return {
    url,
    stop: async () => {
      const ended = child.exitCode === null ? once(child, "close") : undefined
      child.kill("SIGTERM")
      await ended
      return child.exitCode
    },
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
