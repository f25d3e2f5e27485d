import { createHash } from "node:crypto"

/** Gives each thing of a document an identifier of its own that says what it is, and stays the same for the same thing. */
export const checkedIds = (): { readonly of: (kind: string, key: string) => string } => {
  const taken = new Set<string>()
  return {
    of: (kind, key) => {
      const plain = key
        .replace(/^pkg:/, "")
        .replace(/[?].*$/, "")
        .replaceAll(/[^A-Za-z0-9.]+/g, "-")
        .replaceAll(/^-|-$/g, "")
        .slice(-60)
      const sum = createHash("sha256").update(key).digest("hex").slice(0, 12)
      const id = `SPDXRef-${kind}-${plain}-${sum}`
      if (taken.has(id)) throw new TypeError(`${kind} ${key} twice in one document`)
      taken.add(id)
      return id
    },
  }
}
