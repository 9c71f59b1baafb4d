# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request goes through: its signature, its nonce, its account, the vices, the history (RFC 8555, 6)."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from josepy.jwk import JWK

from lab.clock import LabClock
from lab.history import History
from lab.http_server import Handler, Request, Response, Routes
from lab.playing import Playing
from lab.vices import Switches

from . import jws
from .accounts import Accounts
from .book import CA, VALID, Account, Book
from .nonces import Nonces
from .playing import PLAYS, PROBLEM_TYPE, SHARED, of_problem
from .problems import Document, Problem, malformed

BASE = "/acme"
JOSE = "application/jose+json"
#: who signs: an account (kid), a key (jwk), either
BY_ACCOUNT, BY_KEY, BY_EITHER, NOBODY = "account", "key", "either", "nobody"


class Caller(t.NamedTuple):
    """A request that is signed as it has to be."""

    request: Request
    signed: jws.Signed
    key: JWK
    account: Account | None

    def part(self, number: int = 1) -> str:
        """Of the path."""
        return str(self.request.match[number])

    @property
    def is_look(self) -> bool:
        """POST-as-GET (RFC 8555, 6.3)."""
        return self.signed.payload == b""

    @property
    def document(self) -> Document:
        return self.signed.document()

    @property
    def who(self) -> Account:
        assert self.account is not None
        return self.account


Act = t.Callable[[Caller], Response]
Plain = t.Callable[[Request], Response]


class Call(t.NamedTuple):
    name: str
    #: below BASE
    path: str
    by: str
    act: Act


class Api:
    def __init__(
        self,
        book: Book,
        accounts: Accounts,
        nonces: Nonces,
        server_url: str,
        work: t.Callable[[], None],
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._accounts, self._nonces, self._server = book, accounts, nonces, server_url
        #: what is due is done before a request is answered
        self._work = work
        self._history, self._switches = history, switches
        self._playing = Playing(PLAYS, clock, switches, SHARED)

    def add_signed(self, routes: Routes, calls: t.Iterable[Call]) -> None:
        for call in calls:
            routes.add("POST", BASE + call.path, self._handler(call))
            routes.add("GET", BASE + call.path, self._refused_get)

    def add_plain(self, routes: Routes, name: str, path: str, act: Plain) -> None:
        def handle(request: Request) -> Response:
            subject = "" if name in SHARED else request.path
            answer, vice = self._playing.play(name, subject, lambda: _tried(lambda: act(request)))
            return self._finished(request, name, answer, vice, None)

        routes.add("GET", BASE + path, handle)

    def _handler(self, call: Call) -> Handler:
        def handle(request: Request) -> Response:
            known: list[Account | None] = [None]

            def act() -> Response:
                caller = self._caller(call, request)
                known[0] = caller.account
                self._work()
                with self._book.lock:
                    return call.act(caller)

            answer, vice = self._playing.play(call.name, _subject(call, request), lambda: _tried(act))
            return self._finished(request, call.name, answer, vice, known[0])

        return handle

    def _refused_get(self, _request: Request) -> Response:
        return of_problem(malformed("Resources are fetched by POST-as-GET (RFC 8555, 6.3).", 405))

    def _finished(self, request: Request, name: str, answer: Response, vice: str, account: Account | None) -> Response:
        self._history.add(
            "request", ca=CA, call=name, method=request.method, path=request.path, status=answer.status, vice=vice,
            account=account.id if account else "",
        )  # fmt: skip
        return self._dressed(request, answer)

    def _dressed(self, request: Request, answer: Response) -> Response:
        """With what every answer of an ACME server has; pages come from somebody before it."""
        kind = answer.headers.get("Content-Type", "")
        if kind.startswith("text/html"):
            return answer
        links = [f'<{self._server}{BASE}/directory>;rel="index"', answer.headers.get("Link", "")]
        headers = {"Cache-Control": "public, max-age=0, no-cache", **answer.headers}
        headers["Link"] = ", ".join(filter(None, links))
        silent = kind == PROBLEM_TYPE and self._switches.is_on("acme_no_nonce_in_errors")
        if request.method == "POST" and not silent:
            headers["Replay-Nonce"] = self._nonces.new()
        return replace(answer, headers=headers)

    # --- who it is (RFC 8555, 6.2) ---

    def _caller(self, call: Call, request: Request) -> Caller:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JOSE:
            raise malformed(f"The Content-Type of a request is {JOSE}.", 415)
        try:
            body = request.json()
        except ValueError:
            raise malformed("The body is no JSON.") from None
        signed = jws.read(body)
        key, account = self._signer(call, signed)
        jws.check(signed, key)
        if not self._nonces.use(signed.header.get("nonce")):
            raise Problem("badNonce", "JWS has an invalid anti-replay nonce")
        if signed.header.get("url") != self._server + request.path:
            raise Problem("unauthorized", "The url of the header is not that of the request.", 401)
        if account is not None and account.status != VALID:
            raise Problem("unauthorized", f"The account is {account.status}.", 401)
        return Caller(request, signed, key, account)

    def _signer(self, call: Call, signed: jws.Signed) -> tuple[JWK, Account | None]:
        has_key, has_account = "jwk" in signed.header, "kid" in signed.header
        if has_key == has_account:
            raise malformed("The protected header has either jwk or kid.")
        if (has_key and call.by == BY_ACCOUNT) or (has_account and call.by == BY_KEY):
            raise malformed(f"This request is signed by {'an account (kid)' if has_key else 'a key (jwk)'}.")
        if signed.algorithm not in jws.ALGORITHMS:
            raise Problem("badSignatureAlgorithm", f"{signed.algorithm} is not taken.", algorithms=list(jws.ALGORITHMS))
        if has_key:
            return jws.key_of(signed.header["jwk"]), None
        with self._book.lock:
            account = self._accounts.with_address(signed.header["kid"])
        if account is None:
            raise Problem("accountDoesNotExist", "There is no such account.")
        return account.key, account


def _tried(act: t.Callable[[], Response]) -> Response:
    try:
        return act()
    except Problem as problem:
        return of_problem(problem)


def _subject(call: Call, request: Request) -> str:
    """Of what it is, for vices that strike each once: nothing of it is proven."""
    if call.name != "order_new":
        return "" if call.by == BY_KEY else request.path
    try:
        identifiers = jws.read(request.json()).document().get("identifiers")
        return ",".join(sorted(str(one["value"]) for one in identifiers or ()))
    except (Problem, ValueError, KeyError, TypeError):
        return ""
