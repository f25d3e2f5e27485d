/** What one entry of an archive is. The owner is root and the time is zero: what is written here names content only. */
export interface TarEntry {
  readonly name: string
  readonly size: number
}

const block = 512

/** The header of a regular file. Names have at most 100 bytes: all of ours do. */
export const tarHeader = ({ name, size }: TarEntry): Buffer => {
  const header = Buffer.alloc(block)
  header.write(name, 0, 100)
  header.write("0000644\0", 100)
  header.write("0000000\0", 108)
  header.write("0000000\0", 116)
  writeSize(header, size)
  header.write("00000000000\0", 136)
  header.write("        ", 148)
  header.write("0", 156)
  header.write("ustar\x0000", 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148)
  return header
}

/** What fills a file's last block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block)

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block)

const largestInOctal = 0o77777777777

/** From 8 GiB on octal digits do not suffice: then the number itself, as GNU tar and Go write it. */
const writeSize = (header: Buffer, size: number): void => {
  if (size <= largestInOctal) {
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124)
    return
  }
  header[124] = 0x80
  header.writeBigUInt64BE(BigInt(size), 128)
}
