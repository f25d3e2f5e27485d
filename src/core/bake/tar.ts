/** A piece of a tar archive, and the file that it belongs to: its header and what extends it, or some of its content. */
export interface TarPiece {
  readonly path: string
  readonly bytes: Buffer
  /** Where an entry begins. */
  readonly first: boolean
}

const block = 512

/** Reads a tar archive in the POSIX format as it comes, in pieces of whole blocks. */
export const readTar = async function* (archive: AsyncIterable<Uint8Array>): AsyncGenerator<TarPiece> {
  const reader = new Blocks(archive)
  let longPath: string | undefined
  for (;;) {
    const header = await reader.take(block)
    if (header === undefined || header[0] === 0) return
    const size = Number.parseInt(header.subarray(124, 136).toString("latin1"), 8) || 0
    const padded = Math.ceil(size / block) * block
    if (header[156] === extension) {
      const records = (await reader.take(padded)) ?? Buffer.alloc(0)
      longPath = pathIn(records.subarray(0, size))
      yield { path: longPath ?? nameIn(header), bytes: records.subarray(0, size), first: true }
      continue
    }
    const path = longPath ?? nameIn(header)
    longPath = undefined
    yield { path, bytes: header, first: true }
    for (let left = padded; left > 0; ) {
      const piece = await reader.some(left)
      if (piece === undefined) return
      left -= piece.length
      yield { path, bytes: piece, first: false }
    }
  }
}

const extension = "x".charCodeAt(0)

const textOf = (bytes: Buffer): string => {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString()
}

const nameIn = (header: Buffer): string => {
  const prefix = textOf(header.subarray(345, 500))
  return `${prefix === "" ? "" : `${prefix}/`}${textOf(header.subarray(0, 100))}`
}

/** Of records `LENGTH KEY=VALUE\n`. */
const pathIn = (records: Buffer): string | undefined => {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(" ", at)
    const length = Number(records.subarray(at, space).toString())
    if (!(length > 0)) return undefined
    const record = records.subarray(space + 1, at + length - 1).toString()
    if (record.startsWith("path=")) return record.slice("path=".length)
    at += length
  }
  return undefined
}

class Blocks {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(archive: AsyncIterable<Uint8Array>) {
    this.#pieces = archive[Symbol.asyncIterator]()
  }

  /** Exactly so many bytes; `undefined` at the end. */
  async take(size: number): Promise<Buffer | undefined> {
    while (this.#held.length < size) if (!(await this.#more())) return undefined
    const taken = this.#held.subarray(0, size)
    this.#held = this.#held.subarray(size)
    return taken
  }

  /** At least one byte and no more than so many. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#held.length === 0) if (!(await this.#more())) return undefined
    return this.take(Math.min(most, this.#held.length))
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next()
    if (next.done === true) return false
    this.#held = Buffer.concat([this.#held, next.value])
    return true
  }
}
