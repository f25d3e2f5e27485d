const ansi = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g")

const width = (text: string): number => text.replaceAll(ansi, "").length

/** Columns that are as wide as their widest cell, two spaces apart. Numbers are set to the right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))))
  const numeric = head.map(
    (_, column) =>
      rows.length > 0 && rows.every((row) => /^[\d.,–-]+( ?(s|ms|%))?$/.test((row[column] ?? "").replaceAll(ansi, ""))),
  )
  const line = (row: readonly string[]): string =>
    head
      .map((_, column) => {
        const cell = row[column] ?? ""
        const space = " ".repeat((widths[column] ?? 0) - width(cell))
        return numeric[column] === true ? space + cell : cell + space
      })
      .join("  ")
      .trimEnd()
  return all.map(line).join("\n")
}
