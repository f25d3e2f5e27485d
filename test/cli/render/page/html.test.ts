import { describe, expect, it } from "vitest"
import { html } from "../../../../src/cli/render/page/html.ts"

describe("html", () => {
  it.each<readonly [string, string]>([
    ["<script>", "&lt;script&gt;"],
    [`" onload='x' &amp;`, "&quot; onload=&#39;x&#39; &amp;amp;"],
    ["a\u202eb\u0000\u001b[31m", "a\\u202eb\\u0000\\u001b[31m"],
    ["zwölf\n€", "zwölf\n€"],
  ])("takes the meaning from %j", (text, escaped) => {
    expect(html`<p title="${text}">${text}</p>`.html).toBe(`<p title="${escaped}">${escaped}</p>`)
  })

  it("puts in lists, numbers and its own kind as they are, and nothing for nothing", () => {
    const items = ["a", "<"].map((item) => html`<li>${item}</li>`)
    expect(html`<ul>${items}</ul>${3}${undefined}`.html).toBe("<ul><li>a</li><li>&lt;</li></ul>3")
  })
})
