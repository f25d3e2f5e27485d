import { createHash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Machine, Output } from "../contract/index.ts"
import { isFireclayError } from "../contract/index.ts"

/** A machine under test, and how to put it away. */
export interface OpenedMachine {
  readonly machine: Machine
  readonly dispose: () => Promise<void>
}

/**
 * What every {@link Machine} must do, whatever carries it. `open` is called once; the machine may write below `/tmp`.
 *
 * @example
 * machineSuite("ssh", async () => ({ machine: sshMachine(host), dispose: () => stopServer() }))
 */
export const machineSuite = (name: string, open: () => Promise<OpenedMachine>): void => {
  describe(`machine ${name}`, () => {
    let opened: OpenedMachine
    const machine = (): Machine => opened.machine
    beforeAll(async () => {
      opened = await open()
    }, 300_000)
    afterAll(async () => {
      await opened?.machine.close()
      await opened?.dispose()
    }, 60_000)

    describe("outputs", () => outputCases(machine))
    describe("scripts", () => scriptCases(machine))
    describe("standard input", () => inputCases(machine))
    describe("connection", () => connectionCases(machine))
  })
}

const outputCases = (machine: () => Machine): void => {
  it("keeps standard output and error apart, byte for byte", async () => {
    const output = await machine().sh("printf 'out\\n\\n'; printf '\\nerr' >&2; printf 'more'")
    expect(text(output)).toEqual({ exitCode: 0, stdout: "out\n\nmore", stderr: "\nerr" })
  })

  it("answers nothing when nothing was printed", async () => {
    expect(text(await machine().sh(":"))).toEqual({ exitCode: 0, stdout: "", stderr: "" })
    expect(text(await machine().sh(""))).toEqual({ exitCode: 0, stdout: "", stderr: "" })
  })

  it.each([0, 1, 2, 42, 127, 255])("answers exit code %i", async (code) => {
    expect((await machine().sh(`exit ${code}`)).exitCode).toBe(code)
  })

  it("answers a failing script as an output, not as an error", async () => {
    const output = await machine().sh("cat /nonexistent/file")
    expect(output.exitCode).toBe(1)
    expect(output.stderr.toString()).toContain("/nonexistent/file")
  })

  it("carries 5 MB of output on both streams", async () => {
    const output = await machine().sh("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2")
    expect(output.stdout).toHaveLength(5_000_000)
    expect(output.stderr).toHaveLength(5_000_000)
    expect(output.stdout.every((byte) => byte === 0)).toBe(true)
  })

  it("hands output on as it comes, while the script still runs", async () => {
    const abort = new AbortController()
    const pieces: string[] = []
    const first = Promise.withResolvers<void>()
    const onStdout = (chunk: Buffer): void => {
      pieces.push(chunk.toString())
      first.resolve()
    }
    // Longer than what may be held back to find the end of an output.
    const running = machine().sh("printf %0200d 7; sleep 600", { onStdout, signal: abort.signal })
    await first.promise
    abort.abort()
    await expect(running).rejects.toSatisfy(isFireclayError)
    expect(pieces.join("")).toMatch(/^0+/)
  })

  it("gives every byte to onStdout and none to stdout", async () => {
    const hash = createHash("sha256")
    let size = 0
    const bytes = randomBytes(300_000)
    const output = await machine().sh("cat", {
      input: bytes,
      onStdout: (chunk) => {
        hash.update(chunk)
        size += chunk.length
      },
    })
    expect(size).toBe(bytes.length)
    expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"))
    expect(output.stdout).toHaveLength(0)
  })
}

const scriptCases = (machine: () => Machine): void => {
  it("runs as root", async () => {
    expect((await machine().sh("id -u")).stdout.toString()).toBe("0\n")
  })

  it("takes quotes, newlines, dollars, backslashes and any byte but NUL in a script", async () => {
    const value = "a'b\"c`d$e\\f\ng\n\n  h\té…\u{1f9f1}%s*?~"
    const quoted = `'${value.replaceAll("'", `'\\''`)}'`
    const output = await machine().sh(`v=${quoted}\nprintf %s "$v"\n\n`)
    expect(text(output)).toEqual({ exitCode: 0, stdout: value, stderr: "" })
  })

  it("takes here-documents and a script that ends in newlines", async () => {
    const output = await machine().sh("cat <<'X'\n$HOME `no` \\\nX\n\n\n")
    expect(output.stdout.toString()).toBe("$HOME `no` \\\n")
  })

  it("takes a script of 400 kB", async () => {
    const output = await machine().sh(`: ${"x".repeat(400_000)}\necho end`)
    expect(text(output)).toEqual({ exitCode: 0, stdout: "end\n", stderr: "" })
  })

  it("answers a syntax error as a failing script, and goes on", async () => {
    expect((await machine().sh("if then (")).exitCode).not.toBe(0)
    expect((await machine().sh("echo on")).stdout.toString()).toBe("on\n")
  })

  it("ends only the script on exit, and forgets its variables and directory", async () => {
    await machine().sh("fc_kept=1; cd /tmp; set -eu; exit 3")
    const output = await machine().sh('echo "[$fc_kept]"; false; pwd')
    expect(text(output)).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\[\]\n(?!\/tmp\n)/), stderr: "" })
  })

  it("runs scripts given at the same time one after the other, in order", async () => {
    const path = `/tmp/fireclay-suite-${randomBytes(6).toString("hex")}`
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const outputs = await Promise.all(
      numbers.map((n) => machine().sh(`[ ! -e ${path} ] || echo overlap; : >${path}; echo ${n}; rm ${path}`)),
    )
    expect(outputs.map((output) => output.stdout.toString())).toEqual(numbers.map((n) => `${n}\n`))
  })
}

const inputCases = (machine: () => Machine): void => {
  it("gives a script its input, any bytes", async () => {
    const input = Buffer.concat([Buffer.from([0, 1, 255, 10, 13, 0, 10, 10]), randomBytes(100_000)])
    expect((await machine().sh("cat", { input })).stdout.equals(input)).toBe(true)
  })

  it("carries 5 MB in and out", async () => {
    const input = randomBytes(5_000_000)
    expect((await machine().sh("cat", { input })).stdout.equals(input)).toBe(true)
  })

  it("gives an empty input where none is given", async () => {
    expect((await machine().sh("wc -c")).stdout.toString().trim()).toBe("0")
    expect((await machine().sh("wc -c", { input: new Uint8Array() })).stdout.toString().trim()).toBe("0")
  })

  it("is not disturbed by input that the script leaves unread", async () => {
    for (const size of [1, 70_000, 2_000_000]) {
      expect((await machine().sh("exit 7", { input: randomBytes(size) })).exitCode).toBe(7)
      expect((await machine().sh("echo next")).stdout.toString()).toBe("next\n")
    }
  })

  it("answers the script's exit code also with input", async () => {
    expect((await machine().sh("cat >/dev/null; exit 9", { input: Buffer.from("x") })).exitCode).toBe(9)
  })
}

const connectionCases = (machine: () => Machine): void => {
  it("names an address", async () => {
    expect(await machine().address()).not.toBe("")
    expect(machine().name).not.toBe("")
    expect(machine().description).not.toBe("")
  })

  it("ends a script at its time limit and can be used again", async () => {
    await expect(machine().sh("sleep 600", { timeoutMs: 200 })).rejects.toSatisfy(isFireclayError)
    expect((await machine().sh("echo again")).stdout.toString()).toBe("again\n")
  })

  it("ends a script when its signal fires, and runs the one that waits", async () => {
    const abort = new AbortController()
    const onStdout = (): void => abort.abort()
    const running = machine().sh("printf %0200d 7; sleep 600", { signal: abort.signal, onStdout })
    const waiting = machine().sh("echo again")
    await expect(running).rejects.toSatisfy(isFireclayError)
    expect((await waiting).stdout.toString()).toBe("again\n")
  })

  it("does not start a script whose signal has fired", async () => {
    await expect(machine().sh("echo no", { signal: AbortSignal.abort() })).rejects.toSatisfy(isFireclayError)
    expect((await machine().sh("echo yes")).stdout.toString()).toBe("yes\n")
  })

  it("connects again after close", async () => {
    await machine().close()
    await machine().close()
    expect((await machine().sh("echo back")).stdout.toString()).toBe("back\n")
  })
}

const text = (output: Output): { exitCode: number; stdout: string; stderr: string } => ({
  exitCode: output.exitCode,
  stdout: output.stdout.toString(),
  stderr: output.stderr.toString(),
})
