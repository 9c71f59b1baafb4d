# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every call goes through: token, scope, rate, vices, history; and how lists are asked for."""

from __future__ import annotations

import secrets
import threading
import time
import typing as t
from collections import deque

from lab.clock import LabClock
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Playing
from lab.vices import Switches

from .jobs import new_request_id
from .playing import PLAYS, SHARED, as_json, refusal, too_many
from .wrongs import Document, Wrong, schema

BASE = "/dpf/v1"
SERVICE = "dpf"
READ, WRITE = "dpf_read", "dpf_write"
MOST_OFFSET, MOST_LIMIT, USUAL_LIMIT, MOST_KEYWORDS = 10_000_000, 10_000, 100, 30
#: what a keyword is compared with; name and rdata: a part of it is enough (UNVERIFIED)
KEYWORD = "_keywords_"


class Token(t.NamedTuple):
    secret: str
    scopes: frozenset[str]
    #: as records name who edited them
    operator: str
    #: of contracts; others are not there for it
    services: frozenset[str]


class Caller(t.NamedTuple):
    request: Request
    token: Token

    def part(self, number: int = 1) -> str:
        return str(self.request.match[number])

    def body(self) -> t.Any:
        try:
            return self.request.json()
        except ValueError:
            raise Wrong() from None


Act = t.Callable[[Caller], Document]


class Call(t.NamedTuple):
    name: str
    method: str
    #: below BASE
    path: str
    act: Act


class Tokens:
    def __init__(self, services: t.Sequence[str]) -> None:
        every, both = frozenset(services), frozenset({READ, WRITE})
        made = {
            "write": (both, "SA0000001", every),
            "read": (frozenset({READ}), "SA0000001", every),
            "contract": (frozenset({"dpf_contract"}), "SA0000001", every),
            "first_service": (both, "SA0000001", frozenset(services[:1])),
            "nothing": (both, "SA0000002", frozenset()),
        }
        self.named = {name: Token(secrets.token_urlsafe(24), *rest) for name, rest in made.items()}

    def find(self, header: str) -> Token:
        """A bad one is 400 here, not 401 (dns-providers 1.5)."""
        scheme, _space, secret = header.partition(" ")
        for token in self.named.values():
            if scheme.lower() == "bearer" and secrets.compare_digest(token.secret.encode(), secret.encode()):
                return token
        raise Wrong(("invalid", "access_token"))


class Rate:
    """So many requests in so many real seconds, while dpf_rate_limit is on. The number is the simulator's own."""

    def __init__(self, switches: Switches) -> None:
        self._switches, self._lock = switches, threading.Lock()
        self._times: deque[float] = deque()
        self.number, self.seconds = 20, 1.0

    def allow(self) -> bool:
        with self._lock:
            now = time.monotonic()
            while self._times and self._times[0] <= now - self.seconds:
                self._times.popleft()
            if self._switches.is_on("dpf_rate_limit") and len(self._times) >= self.number:
                return False
            self._times.append(now)
            return True


class Api:
    def __init__(
        self,
        tokens: Tokens,
        lock: threading.RLock,
        work: t.Callable[[], None],
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._tokens, self._lock, self._work = tokens, lock, work
        self._history, self.rate = history, Rate(switches)
        self._playing = Playing(PLAYS, clock, switches, SHARED)

    def add_to(self, routes: Routes, calls: t.Iterable[Call]) -> None:
        for call in calls:
            routes.add(call.method, BASE + call.path, self._handler(call))
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            routes.add(method, rf"{BASE}(?:/.*)?", self._nowhere)

    def _nowhere(self, _request: Request) -> Response:
        return refusal(404, "NotFound", "Specified resource not found.")

    def _handler(self, call: Call) -> Handler:
        def handle(request: Request) -> Response:
            if not self.rate.allow():
                answer, vice = too_many(), "dpf_rate_limit"
            else:
                answer, vice = self._playing.play(call.name, request.path, lambda: self._act(call, request))
            self._history.add(
                "request", service=SERVICE, call=call.name, method=request.method, path=request.path,
                status=answer.status, vice=vice,
            )  # fmt: skip
            return answer

        return handle

    def _act(self, call: Call, request: Request) -> Response:
        try:
            token = self._tokens.find(request.headers.get("authorization", ""))
            if (READ if call.method == "GET" else WRITE) not in token.scopes:
                raise Wrong(("invalid", "access_token"))
            self._work()
            with self._lock:
                document = call.act(Caller(request, token))
        except Wrong as wrong:
            return as_json({"request_id": new_request_id(), **wrong.document()}, 400)
        if call.method == "GET":
            return as_json({"request_id": new_request_id(), **document})
        return as_json(document, 202)


# --- lists ---


def page(caller: Caller, found: t.Sequence[t.Any]) -> t.Sequence[t.Any]:
    offset = _number(caller, "offset", 0, MOST_OFFSET, 0)
    limit = _number(caller, "limit", 1, MOST_LIMIT, USUAL_LIMIT)
    return found[offset : offset + limit]


def _number(caller: Caller, word: str, least: int, most: int, usual: int) -> int:
    text = caller.request.query.get(word, str(usual))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise schema()
    return int(text)


def chosen(
    caller: Caller, found: t.Sequence[t.Any], words: t.Mapping[str, t.Callable[[t.Any, str], bool]]
) -> list[t.Any]:
    """Those that fit all keywords (type=AND, as it is without a word), or one of them (type=OR)."""
    kind = caller.request.query.get("type", "AND")
    if kind not in ("AND", "OR"):
        raise schema()
    wanted = [
        (word.removeprefix(KEYWORD).removesuffix("[]"), value)
        for word, value in caller.request.pairs
        if word.startswith(KEYWORD)
    ]
    if len(wanted) > MOST_KEYWORDS or any(word not in words for word, _value in wanted):
        raise Wrong(("invalid", "keywords"))
    judge = all if kind == "AND" else any
    return [one for one in found if not wanted or judge(words[word](one, value) for word, value in wanted)]
