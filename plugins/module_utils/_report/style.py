# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the report looks: a table where there is room, cards where there is not; as light or dark as the reader likes.

Each pair of colours that carries text has a contrast of 4.5 or more (WCAG 2.2, 1.4.3), in both.

This file is private to the collection.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f6f6f3; --card: #ffffff; --ink: #1f242a; --soft: #59626d; --line: #e2e2da; --grid: #ecece6;
  --link: #23588c; --focus: #23588c;
  --attention: #b3261e; --waiting: #8a5600; --due: #23588c; --in_order: #27694a;
  --f-attention: #d5463c; --f-waiting: #dd9a2b; --f-due: #4f8ac4; --f-in_order: #5aa583;
  --attention-wash: #fdf4f3; --waiting-wash: #fdf9ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1b1f23; --ink: #e6e9ec; --soft: #a0aab5; --line: #2c3238; --grid: #262b30;
    --link: #93bfea; --focus: #93bfea;
    --attention: #ff9d93; --waiting: #eac073; --due: #93bfea; --in_order: #8bcda6;
    --f-attention: #e0685e; --f-waiting: #d9a344; --f-due: #5c95cf; --f-in_order: #4f9d79;
    --attention-wash: #261c1d; --waiting-wash: #25211a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 3rem; max-width: 80rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 2.75rem 0 0.75rem; font-size: 1.15rem; font-weight: 650; }
p { margin: 0.3rem 0 0; max-width: 70ch; }
a { color: var(--link); text-underline-offset: 0.15em; }
ul { margin: 0; padding: 0; list-style: none; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 0.2rem; }
main:focus { outline: none; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.4rem 0.8rem; background: var(--card); z-index: 1; }
.top { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
header p, footer { color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 0.875rem; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.75rem; margin: 1.25rem 0 0; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; }
.tiles a, .tiles span { display: block; padding: 0.75rem 1rem; color: inherit; text-decoration: none; }
.tiles a { border-radius: 0.6rem; box-shadow: inset 0 3px 0 -0px currentColor; }
.tiles .attention a { box-shadow: inset 0 3px 0 var(--f-attention); }
.tiles .waiting a { box-shadow: inset 0 3px 0 var(--f-waiting); }
.tiles .due a { box-shadow: inset 0 3px 0 var(--f-due); }
.tiles .in_order a { box-shadow: inset 0 3px 0 var(--f-in_order); }
.tiles a:hover { background: var(--grid); }
.tiles b { display: block; font-size: 1.9rem; line-height: 1.15; font-weight: 600; font-variant-numeric: tabular-nums; }
.tiles span, .tiles span b { color: var(--soft); }
.attention h2, .tiles .attention a b { color: var(--attention); }
.waiting h2, .tiles .waiting a b { color: var(--waiting); }
.due h2, .tiles .due a b { color: var(--due); }
.in_order h2, .tiles .in_order a b { color: var(--in_order); }
.calm { margin-top: 1rem; color: var(--in_order); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 1rem 0 0; font-size: 0.9375rem; }
.count { color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; }
table {
  width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.6rem; font-size: 0.9375rem; table-layout: fixed;
}
.attention table { background: var(--attention-wash); }
.waiting table, .people table { background: var(--waiting-wash); }
th, td { padding: 0.75rem 1rem; text-align: left; vertical-align: top; font-weight: inherit; }
thead th { padding-bottom: 0.35rem; color: var(--soft); font-size: 0.8125rem; font-weight: 500; }
tbody td, tbody th { border-top: 1px solid var(--line); }
tr:target th { box-shadow: inset 4px 0 0 var(--focus); }
.estate .c1 { width: 21%; } .estate .c2 { width: 33%; } .estate .c3 { width: 19%; } .estate .c4 { width: 11%; }
.estate .c5 { width: 16%; }
.tasks .c1 { width: 12%; } .tasks .c2 { width: 22%; } .tasks .c3 { width: 36%; } .tasks .c4 { width: 18%; }
.tasks .c5 { width: 12%; }
.rules .c1 { width: 13%; } .rules .c2 { width: 35%; } .rules .c3 { width: 35%; } .rules .c4 { width: 17%; }
.numbers { table-layout: auto; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.numbers th, .numbers td { padding: 0.3rem 0.9rem; text-align: right; }
.numbers th:first-child { text-align: left; }
td:last-child { font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
.name { font-weight: 650; color: inherit; }
a.name { text-decoration-color: transparent; }
a.name:hover, a.name:focus-visible { text-decoration-color: currentColor; }
.soft, .names { color: var(--soft); font-size: 0.875rem; }
.state { color: var(--waiting); font-size: 0.875rem; }
.urgent { color: var(--attention); font-weight: 600; }
.ends { color: var(--waiting); font-size: 0.875rem; }
.act { font-weight: 600; }
.plain { padding: 0.6rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; }
.plain { margin-top: 0.5rem; }
.plain li { padding: 0.15rem 0; font-size: 0.9375rem; }
.plain span + span::before { content: "; "; }
summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; }
.fold { margin-top: 0.5rem; }
.fold > summary {
  padding: 0.6rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem;
  color: var(--ink); font-size: 0.9375rem;
}
.fold > summary:hover { border-color: var(--soft); }
.fold[open] > summary { margin-bottom: 0.5rem; }
.figure { padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; }
.figure + p { margin-top: 0.75rem; }
.scroll { overflow-x: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.25rem; margin-bottom: 0.5rem; font-size: 0.8125rem; }
.legend { color: var(--soft); }
.legend i { display: inline-block; width: 0.75em; height: 0.75em; margin-right: 0.4em; border-radius: 0.15em; }
.legend .f-cliff { width: 0; height: 0.9em; border-left: 2px dashed var(--attention); border-radius: 0; }
.chart { display: block; width: 100%; min-width: 44rem; height: auto; }
.chart text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.chart .mid { text-anchor: middle; } .chart .end { text-anchor: end; }
.chart .year { font-weight: 600; }
.chart .mark { fill: var(--attention); }
.grid { stroke: var(--grid); } .cliff { stroke: var(--attention); stroke-dasharray: 3 3; }
.now { stroke: var(--soft); }
.f-attention, .f-without_method { background: var(--f-attention); fill: var(--f-attention); }
.f-waiting, .f-approvals { background: var(--f-waiting); fill: var(--f-waiting); }
.f-due { background: var(--f-due); fill: var(--f-due); }
.f-in_order, .f-machine { background: var(--f-in_order); fill: var(--f-in_order); }
.line { display: block; width: 100%; max-width: 14rem; height: 0.5rem; margin: 0.3rem 0 0.15rem; }
.line path { vector-effect: non-scaling-stroke; fill: none; stroke-width: 3px; }
.line .g { stroke: var(--line); } .line .l { stroke: var(--f-in_order); }
.line .r { stroke: var(--link); stroke-width: 2px; } .line .c { stroke: var(--attention); stroke-width: 2px; }
.attention .line .l { stroke: var(--f-attention); } .waiting .line .l { stroke: var(--f-waiting); }
.due .line .l { stroke: var(--f-due); }
.find { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.5rem 1rem; margin-top: 2.75rem; }
.find label { font-weight: 600; }
.find input {
  flex: 0 1 22rem; padding: 0.45rem 0.7rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--soft); border-radius: 0.4rem;
}
.find output { color: var(--soft); font-size: 0.875rem; }
@media (max-width: 50rem) {
  body { padding: 1.25rem 1rem 2rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 0.5rem; }
  table, tbody, tr, td, tbody th { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table { background: none !important; border: 0; border-radius: 0; }
  tr { margin-bottom: 0.6rem; padding: 0.8rem 1rem; background: var(--card); }
  tr { border: 1px solid var(--line); border-radius: 0.6rem; }
  .attention tr { background: var(--attention-wash); }
  .waiting tr, .people tr { background: var(--waiting-wash); }
  tbody td, tbody th { padding: 0; border: 0; }
  tbody td { margin-top: 0.5rem; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: 0.75rem; }
  td.none { display: none; }
  .numbers th, .numbers td { padding: 0; text-align: left; }
  .numbers tr { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.3rem 1rem; }
  .numbers tbody th { grid-column: 1 / -1; font-weight: 600; }
  .numbers td { margin: 0; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --grid: #ddd; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, .find, .top a { display: none; }
  tr, .figure, .tiles { break-inside: avoid; }
  h2 { break-after: avoid; }
  .chart { min-width: 0; }
}
"""
