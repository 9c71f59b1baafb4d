# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lab misbehaves: one table of all vices, and the switches.

A vice is deterministic. It strikes the first time (or the first n times) for each key, an order or a call for example,
and never again: a client that tries again gets through. The gentle half is on by default.
"""

from __future__ import annotations

import threading
import typing as t
from collections import Counter


class Vice(t.NamedTuple):
    name: str
    #: which part of the lab has it: dns, web, mail, api, crawler, issuing
    room: str
    default: bool
    what: str


VICES: tuple[Vice, ...] = (
    # --- dns ---
    Vice("dns_secondary_lags", "dns", True, "the second server shows each update 2 seconds later"),
    Vice("dns_servers_disagree", "dns", False, "the second server learns nothing new while this is on"),
    Vice("dns_servfail_first", "dns", False, "the first update of each zone gets SERVFAIL and has no effect"),
    Vice("dns_update_answer_lost", "dns", False, "the first update of each zone has its effect, but is not answered"),
    Vice("dns_truncates", "dns", True, "TXT and CAA answers over UDP are empty and truncated (TC): ask by TCP"),
    # --- web ---
    Vice("web_reload_late", "web", True, "each web host's first reload takes effect 1 second after the signal"),
    Vice("web_token_fails_first", "web", False, "each token file is answered with 503 the first time it is looked at"),
    # --- mail ---
    Vice("mail_late", "mail", False, "a mail reaches its mailbox 2 seconds later"),
    Vice("mail_twice", "mail", True, "each mail is delivered twice"),
    Vice("mail_iso2022jp", "mail", True, "approval mails are in ISO-2022-JP"),
    Vice("mail_html_only", "mail", False, "approval mails have no plain text"),
    # --- api ---
    # --- crawler ---
    # --- issuing ---
)


class Switches:
    """Which vices are on. Safe for threads."""

    def __init__(self, on: t.Iterable[str] | None = None) -> None:
        self._lock = threading.Lock()
        self._struck: Counter[tuple[str, str]] = Counter()
        self._on: set[str] = set()
        self.only(*([vice.name for vice in VICES if vice.default] if on is None else on))

    def is_on(self, name: str) -> bool:
        _check(name)
        with self._lock:
            return name in self._on

    def set(self, name: str, on: bool) -> None:
        """Switched on anew, a vice strikes anew."""
        _check(name)
        with self._lock:
            if on and name not in self._on:
                self._on.add(name)
                self._forget(name)
            elif not on:
                self._on.discard(name)

    def only(self, *names: str) -> None:
        for name in names:
            _check(name)
        for vice in VICES:
            self.set(vice.name, vice.name in names)

    def none(self) -> None:
        self.only()

    def strikes(self, name: str, key: object, times: int = 1) -> bool:
        """It is on, and has struck this key less often than so many times. Counts as a strike."""
        _check(name)
        with self._lock:
            if name not in self._on or self._struck[name, str(key)] >= times:
                return False
            self._struck[name, str(key)] += 1
            return True

    def _forget(self, name: str) -> None:
        for struck in [struck for struck in self._struck if struck[0] == name]:
            del self._struck[struck]


def _check(name: str) -> None:
    if not any(vice.name == name for vice in VICES):
        raise ValueError(f'the lab has no vice "{name}": {", ".join(vice.name for vice in VICES)}')
