# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every call of the API goes through: key, request limits, rights, vices, history."""

from __future__ import annotations

import typing as t

from lab.clock import LabClock
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Playing, as_json
from lab.refusal import Refused
from lab.vices import Switches

from .accounts import Key, Keys, Limits
from .application import Document, a_mapping, broken
from .book import CA
from .desk import Who
from .playing import PLAYS, SHARED, problem, too_many, unauthorized

BASE = "/services/v2"
NO_CONTENT = Response(204)
ID_WORDS = ("id", "order_id", "certificate_id", "renewed_order_id", "renewal_of_order_id")


class Caller(t.NamedTuple):
    """A request by somebody who may make it."""

    request: Request
    key: Key

    @property
    def who(self) -> Who:
        return Who(self.key.name, self.key.may("approvals"))

    def part(self, number: int = 1) -> str:
        """Of the path."""
        return str(self.request.match[number])

    def number(self, number: int = 1) -> int:
        """Of the path; -1 if it is none."""
        text = self.part(number)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 13 else -1

    def body(self) -> Document:
        if not self.request.body:
            return {}
        try:
            return a_mapping(self.request.json(), "the body")
        except ValueError:
            raise broken("The body is no JSON.") from None

    def flag(self, word: str) -> bool:
        return self.request.query.get(word, "").lower() in ("true", "1")


Act = t.Callable[[Caller], Response]
Subject = t.Callable[[Request], str]


class Call(t.NamedTuple):
    name: str
    method: str
    #: below BASE
    path: str
    #: what the key needs: look, orders, domains, approvals
    right: str
    act: Act


class Api:
    def __init__(self, keys: Keys, limits: Limits, *, clock: LabClock, history: History, switches: Switches) -> None:
        self._keys, self._limits = keys, limits
        self._history, self._switches = history, switches
        self._playing = Playing(PLAYS, clock, switches, SHARED)

    def add_to(self, routes: Routes, calls: t.Iterable[Call]) -> None:
        for call in calls:
            routes.add(call.method, BASE + call.path, self._handler(call))
        nowhere = Call("", "", "", "look", _no_route)
        for method in ("GET", "POST", "PUT", "DELETE"):
            routes.add(method, rf"{BASE}(?:/.*)?", self._handler(nowhere))

    def _handler(self, call: Call) -> Handler:
        def handle(request: Request) -> Response:
            subject = _subject(call, request)
            answer, vice = self._answer(call, subject, request)
            self._history.add(
                "request", ca=CA, call=call.name, method=request.method, path=request.path, subject=subject,
                status=answer.status, vice=vice,
            )  # fmt: skip
            return answer

        return handle

    def _answer(self, call: Call, subject: str, request: Request) -> tuple[Response, str]:
        key = self._keys.find(request.headers.get("x-dc-devkey", ""))
        if key is None:
            return unauthorized(as_page=self._switches.is_on("dc_401_page")), ""
        if not self._limits.allow(key.name):
            return too_many(), "request limit"
        if not key.may(call.right):
            return self._problem(Refused(403, "access_denied|missing_permission", "The key may not do this.")), ""
        return self._playing.play(call.name, subject, lambda: self._act(call, Caller(request, key)))

    def _act(self, call: Call, caller: Caller) -> Response:
        try:
            return call.act(caller)
        except Refused as refusal:
            return self._problem(refusal)

    def _problem(self, refusal: Refused) -> Response:
        in_a_list = not self._switches.is_on("dc_errors_object")
        return problem(refusal.status, refusal.code, refusal.message, in_a_list)

    def json(self, document: t.Any, status: int = 200) -> Response:
        if self._switches.is_on("dc_numbers_as_text"):
            document = _each(document, lambda key, value: str(value) if _is_id(key, value) else value)
        if self._switches.is_on("dc_keys_left_out"):
            document = _without_nothing(document)
        return as_json(document, status)


def _no_route(caller: Caller) -> Response:
    raise Refused(404, "not_found|route", f"There is no {caller.request.path}.")


def _subject(call: Call, request: Request) -> str:
    """What the call is about, as its vices count: our reference, or what the path names."""
    if call.name != "submit":
        return " ".join(request.match.groups(""))
    try:
        document = request.json()
        return str(document.get("alternative_order_id") or document["certificate"]["common_name"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _is_id(key: str, value: t.Any) -> bool:
    return key in ID_WORDS and isinstance(value, int)


def _each(value: t.Any, change: t.Callable[[str, t.Any], t.Any], key: str = "") -> t.Any:
    if isinstance(value, dict):
        return {word: _each(one, change, word) for word, one in value.items()}
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return change(key, value)


def _without_nothing(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {word: _without_nothing(one) for word, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_nothing(one) for one in value]
    return value
