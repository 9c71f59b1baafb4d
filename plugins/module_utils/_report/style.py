# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the report looks: a table where there is room, cards where there is not; as light or dark as the reader likes.

This file is private to the collection.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f7f7f4; --card: #ffffff; --ink: #20252b; --soft: #5d6672; --line: #e3e3dc; --link: #2f5d8a;
  --attention: #b3261e; --waiting: #8f5b00; --due: #2f5d8a; --in_order: #2c6e49;
  --attention-wash: #fdf3f2; --waiting-wash: #fdf8ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181b; --card: #1c2024; --ink: #e4e7ea; --soft: #9ba5b0; --line: #2d3338; --link: #8fbbe6;
    --attention: #ff9b91; --waiting: #e8bd6a; --due: #8fbbe6; --in_order: #86c9a1;
    --attention-wash: #2a1d1d; --waiting-wash: #27221a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem 3rem; max-width: 76rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 2.75rem 0 0.75rem; font-size: 1.1rem; font-weight: 650; }
h1 [lang], h2 [lang], th [lang] { color: var(--soft); font-weight: 400; font-size: 0.8em; margin-left: 0.35em; }
p { margin: 0.25rem 0 0; }
a { color: var(--link); }
ul { margin: 0; padding: 0; list-style: none; }
header p, footer { color: var(--soft); }
footer { margin-top: 3rem; font-size: 0.875rem; }
nav ul { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0.75rem; margin: 1.5rem 0 0; }
nav li { background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; overflow: hidden; }
nav a, nav span { display: block; padding: 0.8rem 1rem; color: inherit; text-decoration: none; }
nav a:hover, nav a:focus-visible { background: var(--ground); }
nav b { display: block; font-size: 1.75rem; line-height: 1.15; font-weight: 600; font-variant-numeric: tabular-nums; }
nav span { opacity: 0.55; }
.attention b, .attention h2 { color: var(--attention); }
.waiting b, .waiting h2 { color: var(--waiting); }
.due b, .due h2 { color: var(--due); }
.in_order b, .in_order h2 { color: var(--in_order); }
nav span b { color: inherit; }
td b { color: inherit; }
table {
  width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.6rem; overflow: hidden; font-size: 0.9375rem; table-layout: fixed;
}
.attention table { background: var(--attention-wash); }
.waiting table { background: var(--waiting-wash); }
th, td { padding: 0.8rem 1rem; text-align: left; vertical-align: top; }
thead th { padding-bottom: 0.35rem; color: var(--soft); font-size: 0.8125rem; font-weight: 500; }
tbody td, tbody th { border-top: 1px solid var(--line); font-weight: inherit; }
.c1 { width: 21%; } .c2 { width: 34%; } .c3 { width: 20%; } .c4 { width: 10%; } .c5 { width: 15%; }
.ahead .c1 { width: 12%; } .ahead .c2 { width: 36%; } .ahead .c3 { width: 36%; } .ahead .c4 { width: 16%; }
td:last-child { font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
.name { font-weight: 650; }
.soft, .names { color: var(--soft); font-size: 0.875rem; }
.urgent { color: var(--attention); font-weight: 600; }
.ends { color: var(--waiting); font-size: 0.875rem; }
.act { font-weight: 600; }
details summary { cursor: pointer; color: var(--soft); font-size: 0.875rem; }
.calm { margin-top: 1.5rem; color: var(--soft); }
@media (max-width: 48rem) {
  body { padding: 1.5rem 1rem 2rem; }
  nav ul { grid-template-columns: repeat(2, 1fr); }
  table, tbody, tr, td, tbody th { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table { background: none !important; border: 0; border-radius: 0; overflow: visible; }
  tr { margin-bottom: 0.75rem; padding: 0.9rem 1rem; background: var(--card); }
  tr { border: 1px solid var(--line); border-radius: 0.6rem; }
  .attention tr { background: var(--attention-wash); }
  .waiting tr { background: var(--waiting-wash); }
  tbody td, tbody th { padding: 0; border: 0; }
  tbody td { margin-top: 0.6rem; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: 0.75rem; }
  td.none { display: none; }
}
@media print { body { max-width: none; } nav { display: none; } tr { break-inside: avoid; } }
"""
