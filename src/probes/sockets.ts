import { type Attempt, type Ending, OpenLoop } from "./open-loop.ts"
import type { LoadResult } from "./result.ts"

export interface SocketsOptions {
  /** `ws://…`. What it is sent has to come back as `echo TEXT VERSION`; of itself it says `tick N VERSION`, from 1. */
  readonly url: string
  /** How many are held open. */
  readonly count: number
  /** Messages on each of them, each way. */
  readonly everyMs: number
  /** How long after it was due a message may wait for its echo. */
  readonly timeoutMs: number
}

export interface SocketsResult {
  readonly opened: number
  /** Closed by the server, by the rules: with a close frame. Another was opened at once. */
  readonly asked: number
  /** Messages that the server sent of itself. */
  readonly ticks: number
  /** Cut, not opened, closed for a fault, or with a message of the server's missing. */
  readonly failed: number
  readonly reasons: { readonly [reason: string]: number }
  /** The first failures, on the clock of the load. */
  readonly examples: readonly { readonly atMs: number; readonly reason: string }[]
  /** A failure of these is an echo that never came: what a close overtook is sent again on the next connection. */
  readonly messages: LoadResult
}

export interface Sockets {
  readonly stop: () => Promise<SocketsResult>
}

/** Holds WebSockets open and talks on each, in open loop. One that it is asked to leave, or that is cut, is opened anew. */
export const startSockets = (options: SocketsOptions): Sockets => {
  const book = new Book()
  const talkers = Array.from({ length: options.count }, () => new Talker(options.url, book))
  let number = 0
  const say: Attempt = (ending) => {
    const id = number++
    const talker = talkers[id % talkers.length]
    talker?.say(id, ending)
    return () => talker?.forget(id)
  }
  const { count, everyMs, timeoutMs } = options
  const loop = new OpenLoop({ ratePerSecond: (count * 1000) / everyMs, timeoutMs }, say)
  return {
    stop: async () => {
      const messages = await loop.stop()
      await Promise.all(talkers.map((talker) => talker.stop()))
      return { ...book.result(), messages }
    },
  }
}

/** What became of the connections. */
class Book {
  readonly #begun = performance.now()
  readonly #reasons: { [reason: string]: number } = {}
  readonly #examples: { readonly atMs: number; readonly reason: string }[] = []
  opened = 0
  asked = 0
  ticks = 0

  fail(reason: string): void {
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1
    if (this.#examples.length < 5) this.#examples.push({ atMs: performance.now() - this.#begun, reason })
  }

  result(): Omit<SocketsResult, "messages"> {
    const { opened, asked, ticks } = this
    const failed = Object.values(this.#reasons).reduce((sum, count) => sum + count, 0)
    return { opened, asked, ticks, failed, reasons: this.#reasons, examples: this.#examples }
  }
}

/** RFC 6455: done, going away, no code given, restarting. */
const politeCodes = [1000, 1001, 1005, 1012]
const againAfterMs = 100
const closeWithinMs = 5_000

/** One connection after the other. What has no echo yet is sent again on the next. */
class Talker {
  readonly #url: string
  readonly #book: Book
  readonly #waiting = new Map<number, Ending>()
  #socket: WebSocket
  #isOpen = false
  #ticks = 0
  #again: NodeJS.Timeout | undefined
  #stopping = false
  #onStopped: (() => void) | undefined

  constructor(url: string, book: Book) {
    this.#url = url
    this.#book = book
    this.#socket = this.#connect()
  }

  say(id: number, ending: Ending): void {
    this.#waiting.set(id, ending)
    if (this.#isOpen) this.#socket.send(String(id))
  }

  forget(id: number): void {
    this.#waiting.delete(id)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#again)
    if (!this.#isOpen) return this.#socket.close()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#book.fail("its close was not answered")
        resolve()
      }, closeWithinMs)
      this.#onStopped = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#socket.close(1000)
    })
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url)
    socket.addEventListener("open", () => {
      this.#isOpen = true
      this.#ticks = 0
      this.#book.opened += 1
      for (const id of this.#waiting.keys()) socket.send(String(id))
    })
    socket.addEventListener("message", ({ data }) => this.#hear(String(data)))
    socket.addEventListener("close", ({ code }) => this.#closed(code))
    return socket
  }

  #hear(text: string): void {
    const [what, word = "", version = ""] = text.split(" ")
    if (what === "echo") {
      this.#waiting.get(Number(word))?.succeed(version)
      this.#waiting.delete(Number(word))
    } else {
      this.#ticks += 1
      this.#book.ticks += 1
      if (Number(word) !== this.#ticks) this.#book.fail("a message of the server's is missing")
    }
  }

  #closed(code: number): void {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    this.#onStopped?.()
    if (this.#stopping) return
    if (wasOpen && politeCodes.includes(code)) {
      this.#book.asked += 1
      this.#socket = this.#connect()
      return
    }
    this.#book.fail(wasOpen ? (code === 1006 ? "cut" : `closed with ${code}`) : "not opened")
    this.#again = setTimeout(() => {
      this.#socket = this.#connect()
    }, againAfterMs)
  }
}
