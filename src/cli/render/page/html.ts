/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

type Piece = Html | string | number | undefined | readonly Piece[]

/**
 * HTML from a template. All that is put in is escaped, unless it is HTML itself; lists are put in one after the other.
 *
 * @example html`<p>${"a < b"}</p>` // <p>a &lt; b</p>
 */
export const html = (texts: TemplateStringsArray, ...pieces: readonly Piece[]): Html => ({
  html: texts.map((text, index) => text + toText(pieces[index])).join(""),
})

const toText = (piece: Piece): string => {
  if (piece === undefined) return ""
  if (typeof piece === "number" || typeof piece === "string") return escapeText(String(piece))
  return "html" in piece ? piece.html : piece.map(toText).join("")
}

const signs: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/** For text and for attributes in quotes. What would not be seen is written out. */
const escapeText = (text: string): string =>
  text
    .replaceAll(/[&<>"']/g, (character) => signs[character] ?? character)
    .replaceAll(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
