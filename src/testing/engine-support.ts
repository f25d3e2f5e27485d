import { expect } from "vitest"
import type { Base, Engine, Image, InstanceWant, Machine, Output, ProcessWant } from "../contract/index.ts"

/** What an engine under test can do, so that nothing is asked of it that it does not claim. */
export interface EngineCapabilities {
  /** Its machines run real scripts. Without, only the book-keeping is tested. */
  readonly runsShell: boolean
  /** What boots systemd: machines that stand on a base, instances of an image. Other instances run one program. */
  readonly systemd: { readonly machines: boolean; readonly instances: boolean }
  /** Instances of an image are read-only but for volumes and scratch directories. */
  readonly readOnlyInstances: boolean
  /**
   * Everything on this host that an engine could leave behind, one line each: links, mounts, namespaces, processes,
   * packet filter rules, directories. Compared from before the first call to after `destroy`.
   */
  readonly hostState?: () => Promise<readonly string[]>
}

export interface EngineContext {
  readonly engine: Engine
  /** Another engine of the same project, as a later run of the controller has one. */
  readonly again: () => Engine
  readonly capabilities: EngineCapabilities
}

export const base: Base = { distribution: "debian", suite: "bookworm", include: [] }

/** Milliseconds for a test that makes machines. */
export const patient = 300_000

export const data = { name: "data", path: "/srv/data" } as const

export const wanted = (name: string, from: InstanceWant["from"]): InstanceWant => ({
  name,
  from,
  fleet: "suite",
  volumes: [],
  scratch: [],
})

/** An instance of an image, with a program where it has to have one. */
export const instanceWant = (
  { systemd }: EngineCapabilities,
  name: string,
  image: string,
  process: ProcessWant = server,
): InstanceWant => ({ ...wanted(name, { image }), ...(systemd.instances ? {} : { process }) })

/** Answers with what it sees of itself. */
const program = `
import http.server, json, os, pathlib
status = dict(line.split(":\t", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/self": return self.answer(pathlib.Path("/srv/baked").read_text())
        self.answer(json.dumps({"user": os.getuid(), "group": os.getgid(), "directory": os.getcwd(),
            "environment": dict(os.environ), "newPrivileges": status["NoNewPrivs"] == "0"}))
    def answer(self, text):
        self.send_response(200); self.end_headers(); self.wfile.write(text.encode())
print("it serves", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 80), Handler).serve_forever()
`

export const server: ProcessWant = {
  command: ["/usr/bin/python3", "-c", program],
  user: "games",
  environment: { GREETING: "a 'b' \"$HOME\" %h \\ ä\nc" },
  directory: "/srv",
}

export const bake = async (engine: Engine, from: InstanceWant["from"], script: string): Promise<Image> => {
  const scratch = await engine.openScratch(from)
  try {
    await must(scratch.machine, script)
    return await scratch.commit()
  } finally {
    await scratch.discard()
  }
}

export const must = async (machine: Machine, script: string): Promise<string> => {
  const output = await machine.sh(script)
  expect({ exitCode: output.exitCode, stderr: output.stderr.toString() }).toEqual({ exitCode: 0, stderr: "" })
  return output.stdout.toString()
}

export const onScratch = async (engine: Engine, image: Image, script: string): Promise<string> => {
  const scratch = await engine.openScratch({ image: image.digest })
  try {
    return await must(scratch.machine, script)
  } finally {
    await scratch.discard()
  }
}

export const shell = async (engine: Engine, name: string, script: string): Promise<Output> => {
  const machine = engine.machine(name)
  try {
    return await machine.sh(script)
  } finally {
    await machine.close()
  }
}

export const on = async (engine: Engine, name: string, script: string): Promise<string> =>
  (await shell(engine, name, script)).stdout.toString()
