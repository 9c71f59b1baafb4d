# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an answer goes wrong, whoever gives it. What differs from API to API comes from its harness (``Dialect``)."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from fault_proxy import Act, Answer, Asked, Spoil

SKEW = timedelta(hours=1)
DRIP_SECONDS = 1.5
LONG_SECONDS = 3600

_PAGE = b"<!DOCTYPE html>\n<html><head><title>Service</title></head><body><h1>Please log in again</h1></body></html>\n"
_HTML = (("Content-Type", "text/html; charset=utf-8"),)


class Dialect(t.Protocol):
    """The words in which one API says these things."""

    def busy(self) -> Answer:
        """Too many requests, without Retry-After."""

    def expired(self) -> Answer:
        """Whatever lets a client in is not accepted any more: key, session or nonce."""

    def refusal(self) -> Answer:
        """The CA understood, and says no."""

    def with_status(self, answer: Answer, word: str) -> Answer:
        """The same answer about an order, with another status word; the same if it is about none."""


def lost_answer(_asked: Asked, act: Act) -> Answer:
    """The CA does it, the connection closes without a byte."""
    return replace(act(), cut=0)


def truncated(_asked: Asked, act: Act) -> Answer:
    """The CA does it, the connection closes in the midst of the answer."""
    answer = act()
    return replace(answer, cut=max(1, len(answer.body) // 2))


def half(_asked: Asked, act: Act) -> Answer:
    """The CA does it, half of the answer comes as if it were all."""
    answer = act()
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def drip(_asked: Asked, act: Act) -> Answer:
    return replace(act(), drip=DRIP_SECONDS)


def server_error(_asked: Asked, _act: Act) -> Answer:
    return Answer(500, _HTML, _PAGE)


def bad_gateway(_asked: Asked, act: Act) -> Answer:
    """The CA does it, and something between loses the answer."""
    act()
    return Answer(502, _HTML, _PAGE)


def unavailable(_asked: Asked, _act: Act) -> Answer:
    return Answer(503, (*_HTML, ("Retry-After", "1")), _PAGE)


def unavailable_after(_asked: Asked, act: Act) -> Answer:
    """The CA does it, and something between says that it is closed."""
    act()
    return Answer(503, (*_HTML, ("Retry-After", "1")), _PAGE)


def html(_asked: Asked, _act: Act) -> Answer:
    return Answer(200, _HTML, _PAGE)


def busy(dialect: Dialect) -> Spoil:
    return lambda _asked, _act: dialect.busy()


def busy_seconds(dialect: Dialect) -> Spoil:
    return lambda _asked, _act: dialect.busy().with_headers(Retry_After="1")


def until_then(seconds: int, *, is_date: bool) -> dict[str, str]:
    """Retry-After in one of its two forms."""
    then = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return {"Retry_After": format_datetime(then, usegmt=True) if is_date else str(seconds)}


#: How a CA asks for an hour of patience.
HOURS: dict[str, t.Callable[[Dialect], Spoil]] = {
    "429 in seconds": lambda dialect: (
        lambda _asked, _act: dialect.busy().with_headers(**until_then(LONG_SECONDS, is_date=False))
    ),
    "429 by date": lambda dialect: (
        lambda _asked, _act: dialect.busy().with_headers(**until_then(LONG_SECONDS, is_date=True))
    ),
    "503 in seconds": lambda _dialect: (
        lambda asked, act: unavailable(asked, act).with_headers(**until_then(LONG_SECONDS, is_date=False))
    ),
    "503 by date": lambda _dialect: (
        lambda asked, act: unavailable(asked, act).with_headers(**until_then(LONG_SECONDS, is_date=True))
    ),
}


def busy_date(dialect: Dialect, skew: timedelta = timedelta(0)) -> Spoil:
    """A second ahead by the server's clock, which may be another than ours."""

    def spoil(_asked: Asked, _act: Act) -> Answer:
        there = datetime.now(timezone.utc) + skew
        moment = format_datetime(there + timedelta(seconds=2), usegmt=True)
        return dialect.busy().with_headers(Retry_After=moment, Date=format_datetime(there, usegmt=True))

    return spoil


def skewed(_asked: Asked, act: Act) -> Answer:
    """All that the server says of the time is an hour ahead."""
    return act().with_headers(Date=format_datetime(datetime.now(timezone.utc) + SKEW, usegmt=True))


def expired(dialect: Dialect) -> Spoil:
    return lambda _asked, _act: dialect.expired()


def refused(dialect: Dialect) -> Spoil:
    return lambda _asked, _act: dialect.refusal()


def strange_status(dialect: Dialect) -> Spoil:
    return lambda _asked, act: dialect.with_status(act(), "contemplating")
