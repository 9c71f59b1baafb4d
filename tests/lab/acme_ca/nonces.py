# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nonces: each is good for one request (RFC 8555, 6.5). Safe for threads."""

from __future__ import annotations

import secrets
import threading

#: the oldest are forgotten
MOST = 10_000


class Nonces:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good: dict[str, None] = {}

    def new(self) -> str:
        nonce = secrets.token_urlsafe(16)
        with self._lock:
            self._good[nonce] = None
            if len(self._good) > MOST:
                del self._good[next(iter(self._good))]
        return nonce

    def use(self, nonce: object) -> bool:
        with self._lock:
            return isinstance(nonce, str) and self._good.pop(nonce, False) is None
