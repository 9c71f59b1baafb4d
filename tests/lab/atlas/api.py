# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every call of the API goes through: client certificate, content type, token, vices, history."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from email.utils import format_datetime

from lab.clock import LabClock
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Playing, as_json
from lab.refusal import Refused
from lab.vices import Switches

from .book import CA
from .clients import Logins, serial_of
from .playing import PLAYS, SHARED, SKEW, problem

BASE = "/v2"
NO_CONTENT = Response(204)
CREATED = Response(201)
CONTENT_TYPE = "application/json;charset=utf-8"
LOGIN = "login"
#: what an answer can do without
SPARE = ("updated_at", "created_at", "expires_at", "log")
MOST_PER_PAGE = 100
Document = dict[str, t.Any]
Row = t.TypeVar("Row")


class Caller(t.NamedTuple):
    """A request by somebody who has logged in."""

    request: Request
    #: name of his credential; empty at the login itself
    credential: str

    def part(self) -> str:
        """Of the path."""
        return str(self.request.match[1])

    def body(self, optional: bool = False) -> Document:
        if optional and not self.request.body:
            return {}
        try:
            document = self.request.json()
        except ValueError:
            raise Refused(400, "", "the body is no JSON") from None
        if not isinstance(document, dict):
            raise Refused(400, "", "the body is no object")
        return document

    def number(self, word: str, usual: int) -> int:
        """Of the query."""
        text = self.request.query.get(word, str(usual))
        if not (text.isascii() and text.isdigit() and len(text) < 11):
            raise violated(f"{word} is no number")
        return int(text)


Act = t.Callable[[Caller], Response]


class Call(t.NamedTuple):
    name: str
    method: str
    #: below BASE
    path: str
    act: Act


class Api:
    def __init__(self, logins: Logins, *, clock: LabClock, history: History, switches: Switches) -> None:
        self._logins = logins
        self._clock, self._history, self._switches = clock, history, switches
        self._playing = Playing(PLAYS, clock, switches, SHARED)
        #: of the server
        self.url = ""

    def add_to(self, routes: Routes, calls: t.Iterable[Call]) -> None:
        for call in [*calls, Call(LOGIN, "POST", "/login", self._log_in)]:
            routes.add(call.method, BASE + call.path, self._handler(call))
        nowhere = Call("", "", "", _no_route)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            routes.add(method, r"/.*", self._handler(nowhere))

    def _handler(self, call: Call) -> Handler:
        def handle(request: Request) -> Response:
            subject, why = _subject(call, request), list[str]()
            answer, vice = self._answer(call, subject, request, why)
            self._history.add(
                "request", ca=CA, call=call.name, method=request.method, path=request.path, subject=subject,
                status=answer.status, vice=vice, why="".join(why),
            )  # fmt: skip
            return self._dated(answer)

        return handle

    def _answer(self, call: Call, subject: str, request: Request, why: list[str]) -> tuple[Response, str]:
        """And the vice that had its hand in it. The reason of a refusal goes into ``why``."""
        try:
            if request.method in ("POST", "PATCH", "PUT") and not _is_json(request.headers.get("content-type", "")):
                raise Refused(415, "", f"the content type is not {CONTENT_TYPE}")
            caller = Caller(request, "" if call.name == LOGIN else self._credential(call, subject, request))
        except Refused as refusal:
            return self._problem(refusal, why), ""

        def act() -> Response:
            try:
                return call.act(caller)
            except Refused as refusal:
                return self._problem(refusal, why)

        return self._playing.play(call.name, subject, act)

    def _credential(self, call: Call, subject: str, request: Request) -> str:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        name = self._logins.find(token, self._client_serial(request)) if scheme == "Bearer" else ""
        if name and self._switches.strikes("atlas_token_ends", f"{call.name} {subject}"):
            self._logins.forget(token)
            raise Refused(401, "", "atlas_token_ends")
        if not name:
            raise Refused(401, "", "no token, or one that is not good any more, or another client certificate")
        return name

    def _log_in(self, caller: Caller) -> Response:
        body = caller.body()
        key, secret = str(body.get("api_key", "")), str(body.get("api_secret", ""))
        token, name = self._logins.log_in(key, secret, self._client_serial(caller.request))
        self._history.add("login", ca=CA, credential=name)
        if not token:
            raise Refused(401, "", "the key, its secret and the client certificate do not belong together")
        return as_json({"access_token": token})

    def _client_serial(self, request: Request) -> int:
        """-1: not told."""
        if not self._switches.is_on("atlas_serial_header"):
            return serial_of(request.certificate)
        try:
            return int(request.headers.get("x-ssl-client-serial", "").replace(":", ""), 16)
        except ValueError:
            return -1

    def _problem(self, refusal: Refused, why: list[str]) -> Response:
        why.append(refusal.message)
        return problem(refusal.status, refusal.message if self._switches.is_on("atlas_errors_explain") else "")

    def _dated(self, answer: Response) -> Response:
        if not self._switches.is_on("atlas_clock_skew"):
            return answer
        there = format_datetime(self._clock.now() + SKEW, usegmt=True)
        return replace(answer, headers={"Date": there, **answer.headers})

    # --- for the calls ---

    def json(self, document: t.Any, status: int = 200, **headers: str) -> Response:
        if self._switches.is_on("atlas_keys_left_out"):
            document = _without(document)
        if self._switches.is_on("atlas_nulls_for_lists"):
            document = _with_nulls(document)
        answer = as_json(document, status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **named})

    def location(self, path: str) -> str:
        return f"{BASE}{path}" if self._switches.is_on("atlas_location_path") else f"{self.url}{BASE}{path}"

    def page(self, rows: t.Sequence[Row], caller: Caller, show: t.Callable[[Row], t.Any]) -> Response:
        """Those of the page that the query asks for, and how many there are in all."""
        number, size = caller.number("page", 1), caller.number("per_page", MOST_PER_PAGE)
        if not (number and 0 < size <= MOST_PER_PAGE):
            raise violated(f"there is no page {number} of {size} rows")
        shown = rows[(number - 1) * size : number * size]
        return self.json([show(row) for row in shown], Total_Count=str(len(rows)))


def violated(why: str) -> Refused:
    return Refused(422, "", why)


def missing(what: str) -> Refused:
    return Refused(404, "", f"there is no such {what}")


def judge_text(value: t.Any, word: str) -> str:
    if not isinstance(value, str) or not value:
        raise violated(f"{word} is no text")
    return value


def _no_route(caller: Caller) -> Response:
    raise missing("path")


def _is_json(content_type: str) -> bool:
    return content_type.replace(" ", "").lower() == CONTENT_TYPE


def _subject(call: Call, request: Request) -> str:
    """What the call is about, as its vices count: the first name, or what the path names."""
    if call.name != "submit":
        return " ".join(request.match.groups(""))
    try:
        return str(request.json()["san"]["dns_names"][0])
    except (ValueError, LookupError, TypeError):
        return ""


def _without(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {word: _without(one) for word, one in value.items() if word not in SPARE}
    return [_without(one) for one in value] if isinstance(value, list) else value


def _with_nulls(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {word: _with_nulls(one) for word, one in value.items()}
    if isinstance(value, list):
        return [_with_nulls(one) for one in value] or None
    return value
