# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page at /_lab/ as text. Whatever came from elsewhere is escaped; there is no script."""

from __future__ import annotations

import json
import typing as t
from html import escape

from .vices import VICES

if t.TYPE_CHECKING:
    from .mail import Letter

Facts = t.Mapping[str, t.Any]
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 75rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #8886 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8883 }
td { overflow-wrap: anywhere } code, pre { font-size: .85rem }
form { display: inline-block; margin-right: 1.5rem } .on { font-weight: bold } .quiet { opacity: .7 }
.failure { border: 2px solid #c33; padding: .5rem; overflow: auto }
"""


def page(
    state: Facts, letters: t.Sequence[Letter], events: t.Sequence[Facts], kinds: t.Sequence[str], kind: str | None
) -> str:
    parts = [
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>The lab</title><style>{STYLE}</style><h1>The lab</h1>",
        *(f"<pre class=failure>{escape(failure)}</pre>" for failure in state["failures"]),
        _clock(state),
        "<h2>Orders</h2>",
        _table(
            ("order", "state", "product", "names", "method", "reason"), [_order_row(one) for one in state["orders"]]
        ),
        "<h2>Mails</h2>",
        _table(("to", "subject", "links"), [_letter_row(letter) for letter in reversed(letters)]),
        "<h2>Vices</h2>",
        _table(("vice", "", "what it does"), [_vice_row(vice.name, vice.what, state) for vice in VICES]),
        "<h2>History</h2>",
        _kinds(kinds, kind),
        _table(("", "when", "what", "facts"), [_event_row(event) for event in events]),
    ]
    return "\n".join(parts) + "\n"


def order_facts(order: Facts) -> dict[str, t.Any]:
    """Of an order, as the seller's manual shows it, what the lab shows: never its CSR or certificate."""
    words = ("order_id", "partner_order_id", "product", "state", "common_name", "names", "reason")
    return {**{word: order[word] for word in words}, "method": order["auth"]["method"]}


def _clock(state: Facts) -> str:
    return (
        f"<p>It is <b>{escape(state['now_jst'])}</b> <span class=quiet>({escape(state['now'])})</span></p><p>"
        + _form("clock", _field("advance_hours", "6", 5) + " hours", "go on")
        + _form("clock", _field("now", state["now_jst"], 26), "set the clock")
        + _form("crawler", "", "send the seller's crawler round")
        + "</p>"
    )


def _order_row(order: Facts) -> list[str]:
    names = ", ".join(order["names"])
    words = (order["order_id"], order["state"], order["product"], names, order["method"], order["reason"] or "")
    return [escape(str(word)) for word in words]


def _letter_row(letter: Letter) -> list[str]:
    links = [
        f"<a href='{escape(link)}' rel='noreferrer noopener'>{escape(link)}</a>"
        for link in letter.links
        if link.startswith(("https://", "http://"))
    ]
    return [escape(letter.address), escape(letter.subject), "<br>".join(links)]


def _vice_row(name: str, what: str, state: Facts) -> list[str]:
    on = state["vices"][name]
    hidden = f"<input type=hidden name='{escape(name)}' value={'off' if on else 'on'}>"
    switch = _form("vices", hidden, "switch off" if on else "switch on")
    return [f"<span class={'on' if on else 'quiet'}>{escape(name)}</span>", switch, escape(what)]


def _event_row(event: Facts) -> list[str]:
    facts = {word: value for word, value in event.items() if word not in ("number", "at", "kind")}
    shown = json.dumps(facts, ensure_ascii=False)
    return [str(event["number"]), escape(event["at"]), escape(event["kind"]), f"<code>{escape(shown)}</code>"]


def _kinds(kinds: t.Sequence[str], kind: str | None) -> str:
    links = [f"<a href='/_lab/?kind={escape(word)}'>{escape(word)}</a>" for word in kinds]
    return f"<p>{escape(kind) if kind else 'everything'} · <a href='/_lab/'>everything</a> {' '.join(links)}</p>"


def _form(action: str, fields: str, button: str) -> str:
    return f"<form method=post action='/_lab/{action}'>{fields} <button>{escape(button)}</button></form>"


def _field(name: str, value: str, size: int) -> str:
    return f"<input name='{name}' value='{escape(value)}' size={size} aria-label='{name}'>"


def _table(heads: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> str:
    """Cells are HTML already."""
    if not rows:
        return "<p class=quiet>none</p>"
    head = "".join(f"<th>{escape(word)}" for word in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}" for cell in row) for row in rows)
    return f"<table><tr>{head}{body}</table>"
