# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one process knows of its talk with a seller: the token of its login, and how far the seller's clock is ahead.

    (no token) ── login ──► open ── its seconds are up, or a 401 ──► (no token)

This file is private to the collection.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Login
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import parse_http_date
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpResponse

__all__ = ["Session"]

_TOKEN = re.compile(r"[!-~]{1,8192}")
#: A token is used until a tenth of its life, and 30 seconds at most, is left.
_SPARE, _MOST_SPARE = 0.1, 30.0
_LONGEST_LIFE = 30 * 86400.0
#: Less than this is the way of an answer, more is no clock.
_NOTICED, _UNBELIEVED = timedelta(seconds=5), timedelta(days=2)


class Session:
    def __init__(self, login: Login | None) -> None:
        self.login = login
        self.token = ""
        self._ends = 0.0
        self._ahead = timedelta(0)

    def is_open(self, monotonic: float) -> bool:
        return bool(self.token) and monotonic < self._ends

    def forget(self) -> None:
        self.token = ""

    def take(self, login: Login, data: object, monotonic: float) -> str:
        """The token in the answer to a login."""
        token = login.token.of(data)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise ProtocolError(
                code="rest_no_token",
                what="The login gave no token",
                where=f"auth.login.token, {login.token.text!r}",
                why=f"a {type(token).__name__} is there, or letters that a header cannot carry",
                todo="Look at auth.login in the description",
                retryable=True,
            )
        life = _life(login, data)
        self.token, self._ends = token, monotonic + life - min(life * _SPARE, _MOST_SPARE)
        return token

    def now(self, clock: Clock) -> datetime:
        """By the seller's clock, as far as a refusal has told how far that is from ours."""
        return clock.now() + self._ahead

    def learn_the_time(self, response: HttpResponse, clock: Clock) -> None:
        """Of a request that was not let in: signatures have a time in them, and clocks differ."""
        there = parse_http_date(response.headers.get("date", "").strip(), now=clock.now())
        ahead = there - clock.now() if there is not None else timedelta(0)
        self._ahead = ahead if _NOTICED < abs(ahead) < _UNBELIEVED else timedelta(0)


def _life(login: Login, data: object) -> float:
    """In seconds: a number, or one in a text."""
    told = login.expires_in.of(data) if login.expires_in is not None else None
    try:
        life = float(word_of(told) or "")
    except ValueError:
        life = 0.0
    return min(life, _LONGEST_LIFE) if life > 0 else login.lifetime
