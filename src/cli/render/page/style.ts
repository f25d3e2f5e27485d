/** Of all pages: nothing is fetched, the same on a phone and on paper, and as light or dark as its reader has it. */
export const style = `
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --line: #d5dbe0; --page: #fff; --band: #f4f6f8; --good: #14693a; --bad: #a3201b; --warn: #8a5300; --focus: #0b62a8 }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e9ed; --soft: #9ba7b1; --line: #3a434b; --page: #14181c; --band: #1d2328; --good: #6fd39a; --bad: #ff9a93; --warn: #f0bd68; --focus: #7cc0ff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page) }
h1 { font-size: 1.7rem; margin: 0 0 .25rem } h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; border-bottom: 2px solid var(--line); padding-bottom: .25rem }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .4rem } h4 { font-size: .95rem; margin: 1rem 0 .3rem; color: var(--soft) }
p { margin: .3rem 0 } .soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 } .warn { color: var(--warn) }
.wide { overflow-x: auto } nav ul { padding-left: 1.2rem; margin: .3rem 0 }
a { color: inherit }
table { border-collapse: collapse; width: 100%; font-size: .9rem } caption { text-align: left; color: var(--soft); padding: .2rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line) } th { font-weight: 600; white-space: nowrap }
td { overflow-wrap: anywhere } tbody tr:nth-child(even) { background: var(--band) } .time { white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere }
a.skip { position: absolute; left: -99rem; padding: .5rem 1rem; background: var(--page) } a.skip:focus { left: 0; top: 0; z-index: 1 }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none } .tiles li { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .9rem; min-width: 8rem } .tiles b { display: block; font-size: 1.3rem }
@media screen and (max-width: 44rem) { .wide:not(.few) table { min-width: 40rem } }
@media print { body { max-width: none; padding: 0; font-size: 10pt } h2 { break-before: auto } tr, li { break-inside: avoid } thead { display: table-header-group } nav, .skip { display: none } .wide { overflow: visible } }
`
