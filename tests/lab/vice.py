# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the table of vices: one way in which the lab misbehaves."""

from __future__ import annotations

import typing as t


class Vice(t.NamedTuple):
    name: str
    #: which part of the lab has it: dns, web, mail, api, crawler, issuing, or the name of a simulator
    room: str
    default: bool
    what: str
