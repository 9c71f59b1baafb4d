# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How レンゲSSL misbehaves: its rows of the table of vices."""

from __future__ import annotations

import typing as t

from .vice import Vice

#: name, whether it is on by default, what it does
ROWS: t.Sequence[tuple[str, bool, str]] = (
    ("renge_too_many", True, "429 without Retry-After, once for each call: X-Renge-Again says when; no effect"),
    ("renge_lost_answer", True, "the call has its effect, then the connection closes; once for each"),
    ("renge_html_for_json", False, "200 with a page of HTML, once for each call; no effect"),
    ("renge_clock_ahead", False, "its clock is a day ahead: what is signed by the right time is not let in"),
    ("renge_strange_status", True, "the first look at an order shows a status that is not in the manual"),
    ("renge_circle", False, "the list leads in a circle: its last page has the cursor of its second one"),
    ("renge_csr_shown_late", False, "the first look at an order after its CSR came still shows status 10"),
)

VICES = tuple(Vice(name, "renge", default, what) for name, default, what in ROWS)
