/** Of charts. Colours are at least 3 : 1 against the page, light and dark, and stay apart for who cannot tell red from green. */
export const chartStyle = `
:root { --old: #8a939c; --new: #34506b; --failed: #c01f18; --h0: #0b62a8; --h1: #c25400; --h2: #00795f; --h3: #8a3f86; --h4: #7a6a00; --h5: #4a4f55 }
@media screen and (prefers-color-scheme: dark) { :root { --old: #6a7580; --new: #b4cbe0; --failed: #ff7a70; --h0: #6db3f2; --h1: #ff9d5c; --h2: #4fd1b0; --h3: #e39be0; --h4: #dccb57; --h5: #c3c9cf } }
.hue-old { --c: var(--old) } .hue-new { --c: var(--new) } .hue-failed { --c: var(--failed) } .hue-0 { --c: var(--h0) } .hue-1 { --c: var(--h1) } .hue-2 { --c: var(--h2) } .hue-3 { --c: var(--h3) } .hue-4 { --c: var(--h4) } .hue-5 { --c: var(--h5) }
body { overflow-wrap: anywhere } table { overflow-wrap: break-word }
svg { display: block; width: 100%; height: auto; overflow: visible } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) } svg text.soft { fill: var(--soft); font-size: 11.5px }
svg [class^="hue"] { fill: var(--c) } svg .gap { fill: var(--page); opacity: .45 } svg .axis { stroke: var(--soft) } svg .grid { stroke: var(--line); stroke-width: .7 }
svg .halo { stroke: var(--page); stroke-width: 3; opacity: .7 } svg .mark { stroke: var(--ink); stroke-dasharray: 3 3 } svg .mark-span { stroke: var(--ink); stroke-width: 1.5 }
svg .whisker { stroke: var(--ink); stroke-width: 1.4 } svg .run { fill: var(--page); stroke: var(--ink); stroke-width: 1.1 }
svg .band { fill: var(--c); fill-opacity: .14; stroke: var(--c); stroke-width: .7; stroke-opacity: .6 } svg .curve { fill: none; stroke: var(--c); stroke-width: 2 } svg .beyond { stroke-dasharray: 5 4 } svg .sign { fill: var(--c); stroke: var(--page); stroke-width: .8 }
svg.patterns { position: absolute } svg.swatch { display: inline-block; width: 1.1rem; height: .8rem; vertical-align: -.05rem }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem 1.8rem; margin: .8rem 0 } .charts.large { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)) }
figure { margin: 0; min-width: 0; max-width: 28rem; break-inside: avoid } figcaption { margin-bottom: .35rem; line-height: 1.35 } figcaption .soft { display: block; font-size: .88em }
.legend, .formulas { list-style: none; padding: 0; margin: .4rem 0; font-size: .92em } .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem }
.verdicts { columns: 20rem; column-gap: 1rem; margin: 1rem 0 } .verdicts > section { margin-bottom: 1rem; border: 1px solid var(--line); border-radius: .4rem; padding: .7rem 1rem; break-inside: avoid } .verdicts h3 { margin: 0 0 .3rem }
.advice { border: 2px solid var(--focus); border-radius: .4rem; padding: .7rem 1rem; margin: 1rem 0; break-inside: avoid } .advice h3 { margin: 0 0 .3rem } .advice .choice { font-size: 1.3rem; font-weight: 600 }
.rules { padding-left: 1.4rem; margin: .3rem 0 } .rules .decided { font-weight: 600 } .rules .saw { color: var(--soft); font-weight: 400 } .contents { columns: 16rem }
.difference { display: block; font-size: .92em; color: var(--good) } .difference.none { color: var(--soft) }
details { margin: .5rem 0 } summary { cursor: pointer; color: var(--soft); font-size: .92em; padding: .2rem 0 } summary:hover { color: var(--ink) }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1rem } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere } td { font-variant-numeric: tabular-nums; overflow-wrap: break-word }
@media screen and (max-width: 44rem) { .wide:not(.few) table { min-width: 56rem } dl { grid-template-columns: 1fr } dd { margin-bottom: .4rem } }
@media print { th { white-space: normal } table { font-size: .85em } details:not(.more), details.more > summary { display: none } details.more::details-content { content-visibility: visible; display: block; block-size: auto } .charts, .charts.large { grid-template-columns: 1fr 1fr; gap: 1rem } svg * { print-color-adjust: exact } section > h2 { break-after: avoid } h3 { break-after: avoid } }
@media screen { .on-paper { display: none } }
`
