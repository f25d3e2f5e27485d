import { type FileHandle, open } from "node:fs/promises"
import { FireclayError } from "../contract/index.ts"

/** What matters of an entry before it is unpacked. Names are bytes, one for each character: few are text, but all are compared. */
export interface TarHeader {
  readonly name: string
  readonly type: "file" | "directory" | "symlink" | "link" | "device" | "pipe"
  /** Where a link leads. */
  readonly target: string
  /** Of a file: where in the archive its content is. */
  readonly content: { readonly from: number; readonly size: number }
}

const block = 512
/** Extended headers hold names; an archive with longer ones means harm. */
const longestExtension = 1 << 20

/**
 * Reads the headers of an archive, without its content. Whatever GNU tar could understand in another way than this does is
 * an error: what was checked has to be what is unpacked.
 *
 * @throws FireclayError FC_IMAGE_UNSAFE
 */
export const tarHeaders = async (path: string, at: string): Promise<readonly TarHeader[]> => {
  const file = await open(path)
  const { size: length } = await file.stat()
  const take = taker(file, length, at)
  try {
    const headers: TarHeader[] = []
    let extended: Extension = {}
    for (let place = 0; place + block <= length; ) {
      const header = await take(place, block)
      if (header.every((byte) => byte === 0)) break
      checkSum(header, at)
      const type = String.fromCharCode(header[156] ?? 0)
      const size = numberIn(header.subarray(124, 136), at)
      place += block
      if ("xgLK".includes(type)) {
        if (size > longestExtension) throw unreadable("a header that is too long", at)
        extended = { ...extended, ...extension(type, await take(place, size), at) }
        place += padded(size)
        continue
      }
      const found = headerOf(header, type, extended, at)
      const own = extended.size ?? size
      if (found.type !== "file" && own !== 0) throw unreadable("content where there is none", at)
      headers.push({ ...found, content: { from: place, size: own } })
      extended = {}
      place += padded(own)
    }
    return headers
  } finally {
    await file.close()
  }
}

/** Reads pieces of a file; the headers of small files lie close together, and come with one read. */
const taker = (file: FileHandle, length: number, at: string): ((from: number, size: number) => Promise<Buffer>) => {
  let held = { from: 0, bytes: Buffer.alloc(0) }
  return async (from, size) => {
    if (from + size > length) throw unreadable("it ends in the middle", at)
    if (from < held.from || from + size > held.from + held.bytes.length) {
      const bytes = Buffer.alloc(Math.max(size, Math.min(windowBytes, length - from)))
      const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
      if (bytesRead < size) throw unreadable("it ends in the middle", at)
      held = { from, bytes: bytes.subarray(0, bytesRead) }
    }
    return held.bytes.subarray(from - held.from, from - held.from + size)
  }
}

const windowBytes = 16 << 10

interface Extension {
  readonly name?: string
  readonly target?: string
  readonly size?: number
}

const kinds: ReadonlyMap<string, TarHeader["type"]> = new Map([
  ["0", "file"],
  ["\0", "file"],
  ["1", "link"],
  ["2", "symlink"],
  ["3", "device"],
  ["4", "device"],
  ["5", "directory"],
  ["6", "pipe"],
])

const headerOf = (
  header: Buffer,
  kind: string,
  { name, target }: Extension,
  at: string,
): Omit<TarHeader, "content"> => {
  const type = kinds.get(kind)
  if (type === undefined) throw unreadable("an entry of an unknown kind", at)
  const prefix = header.subarray(257, 263).toString("latin1") === "ustar\0" ? textIn(header.subarray(345, 500)) : ""
  const plain = textIn(header.subarray(0, 100))
  return {
    name: name ?? (prefix === "" ? plain : `${prefix}/${plain}`),
    target: target ?? textIn(header.subarray(157, 257)),
    type,
  }
}

const extension = (type: string, text: Buffer, at: string): Extension => {
  if (type === "L") return { name: textIn(text) }
  if (type === "K") return { target: textIn(text) }
  const records = paxRecords(text, at)
  for (const [key, value] of records) {
    const ours = ["path", "linkpath", "size"].includes(key)
    if (key.startsWith("GNU.sparse.") || (ours && (type === "g" || value.includes("\0"))))
      throw unreadable(`an extended header ${key}`, at)
  }
  const [name, target, size] = ["path", "linkpath", "size"].map((key) => records.get(key))
  return {
    ...(name === undefined ? {} : { name }),
    ...(target === undefined ? {} : { target }),
    ...(size === undefined ? {} : { size: checkSize(/^\d+$/.test(size) ? Number(size) : Number.NaN, at) }),
  }
}

const paxRecords = (text: Buffer, at: string): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let start = 0; start < text.length; ) {
    const space = text.indexOf(0x20, start)
    const length = text.subarray(start, Math.max(space, start)).toString("latin1")
    const end = start + Number(length)
    const equals = text.indexOf(0x3d, space)
    const whole = /^[1-9]\d*$/.test(length) && end <= text.length && equals > space && equals < end
    if (!whole || text[end - 1] !== 0x0a) throw unreadable("an extended header", at)
    records.set(
      text.subarray(space + 1, equals).toString("latin1"),
      text.subarray(equals + 1, end - 1).toString("latin1"),
    )
    start = end
  }
  return records
}

const textIn = (field: Buffer): string => {
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? field.length : end).toString("latin1")
}

const numberIn = (field: Buffer, at: string): number => {
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = textIn(field).trim()
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : checkSize(Number.NaN, at)
  }
  if (field[0] !== 0x80) throw unreadable("a size", at)
  return checkSize(Number(field.readBigUInt64BE(field.length - 8)), at)
}

const checkSize = (size: number, at: string): number => {
  if (Number.isSafeInteger(size) && size >= 0) return size
  throw unreadable("a size", at)
}

const checkSum = (header: Buffer, at: string): void => {
  const said = numberIn(header.subarray(148, 156), at)
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0)
  if (sum !== said) throw unreadable("a header's sum is wrong", at)
}

const padded = (size: number): number => Math.ceil(size / block) * block

const unreadable = (what: string, at: string): FireclayError =>
  new FireclayError("FC_IMAGE_UNSAFE", `an archive is not unpacked: it could not be read (${what})`, {
    at,
    remedy: "it has to be a tar archive as docker, podman or GNU tar write it",
  })
