# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed requests to an ACME server, through our own HTTP door.

    post ─► nonce of the pool, else newNonce ─► sign ─► send ┬─ 2xx ───────────────► the answer
              ▲                                              ├─ badNonce ──┐
              ├── at once, with the nonce of that refusal ◄──┼─────────────┘   (§6.5: up to _NONCE_TRIES times)
              ├── after Retry-After, else the table ◄────────┼─ 429, 503       while the deadline has room, then
              │                                              │                 RefusedError with retry_at; held for all
              ├── after the table, reads only ◄──────────────┼─ 5xx, no answer TransportError (sent)
              │                                              ├─ 4xx + problem ► RefusedError
                                                             └─ else ─────────► ProtocolError

Nonces: every answer brings one, refusals too; it is kept for the next request, so that newNonce is asked about once
a process. With 20 % of good nonces rejected (Pebble's strictest setting in use) ten tries fail once in ten million.

One instance belongs to one thread.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import enum
import re
import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.holds import ALL, ORDERS, Holds, key_of_names
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.library import AccountKey
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import next_pause, retry_after_seconds
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import Problem, read_problem
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url, escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time

__all__ = ["Network", "Once"]

_NONCE_TRIES = 10
#: Reads are repeated this often after a 5xx or a lost answer; the ledger asks again anyway.
_READ_TRIES = 3
_MAX_WAITS = 20
#: One silent connection must not eat the whole deadline.
_LONGEST_REQUEST = 30.0
#: RFC 8555 §6.5.1: base64url; others MUST be ignored. The longest in use (Java based servers) have some 100 letters.
_NONCE = re.compile(r"[A-Za-z0-9_-]{1,512}")
_MAX_POOL = 20


class Once(enum.Enum):
    """Whether a request may be sent again after a 503 without a problem document, which something between may have said
    after the effect. A problem document is the CA's own word that nothing was done."""

    NO = "no"  # a second effect is no harm
    IF_TOLD = "if_told"  # only where Retry-After asks for it: nobody could find what a lost answer made
    IF_FOUND = "if_found"  # never: what a lost answer made can be looked for


class Network:
    """deadline: seconds from now for all requests together; secrets: masked in every error."""

    def __init__(
        self,
        http: HttpClient,
        clock: Clock,
        key: AccountKey,
        *,
        deadline: float,
        where: str,
        secrets: t.Sequence[str] = (),
        holds: Holds | None = None,
    ) -> None:
        self.clock = clock
        self._http = http
        self._holds = holds
        #: what requests are signed with
        self.key = key
        self._ends = clock.monotonic() + deadline
        self._where = where
        self._secrets = tuple(secrets)
        self._nonces: list[str] = []
        #: from the directory
        self.new_nonce_url = ""
        #: the account's URL; None: requests carry the public key itself
        self.kid: str | None = None

    @property
    def left(self) -> float:
        return self._ends - self.clock.monotonic()

    # --- what the adapter asks -----------------------------------------------------------------------------------

    def get(self, url: str, what: str) -> HttpResponse:
        """Unsigned: the directory only (RFC 8555 §6.3)."""
        return self._patiently(lambda: self._send("GET", url, None), what, is_read=True)

    def read(self, url: str, what: str, *, accept: str = "") -> HttpResponse:
        """POST-as-GET (RFC 8555 §6.3)."""
        return self._patiently(lambda: self._send_signed(url, b"", accept), what, is_read=True)

    def post(
        self, url: str, payload: bytes, what: str, *, once: Once = Once.NO, names: t.Sequence[str] = ()
    ) -> HttpResponse:
        """names: of a new order, whose limits are its own."""
        holds = (ALL, ORDERS, key_of_names(names)) if names else (ALL,)
        return self._patiently(lambda: self._send_signed(url, payload, ""), what, is_read=False, once=once, holds=holds)

    def post_signed_by(self, key: AccountKey, url: str, payload: bytes, what: str) -> HttpResponse:
        """Signed by another key than the account's, which goes along (RFC 8555 §7.6: the certificate's own)."""

        def send() -> HttpResponse:
            return self._send("POST", url, key.sign(payload, url=url, nonce=self._nonce(), kid=None))

        return self._patiently(send, what, is_read=False)

    def ask(self, url: str, what: str) -> HttpResponse:
        """One unsigned GET that nobody waits for (RFC 9773 §4.1): whatever is wrong, it is asked again later."""
        held = self._held((ALL,))
        if held is not None:
            raise self._on_hold(held, what)
        response = self._send("GET", url, None)
        if 200 <= response.status < 300:
            return response
        problem = read_problem(response.body)
        if self._asks_for_patience(response, problem, Once.NO):
            seconds = self.retry_after(response)
            self._hold((ALL,), seconds)
            raise self._impatient(response, problem, what, self.clock.now() + timedelta(seconds=seconds or 0.0))
        raise self._refusal(response, problem, what)

    def retry_after(self, response: HttpResponse) -> float | None:
        """Seconds to wait before the next look, if the server says so."""
        return retry_after_seconds(
            response.headers.get("retry-after"), now=self.clock.now(), server_date=response.headers.get("date")
        )

    # --- patience ------------------------------------------------------------------------------------------------

    def _patiently(
        self,
        send: t.Callable[[], HttpResponse],
        what: str,
        *,
        is_read: bool,
        once: Once = Once.NO,
        holds: tuple[str, ...] = (ALL,),
    ) -> HttpResponse:
        nonces = waits = faults = 0
        while True:
            self._await_hold(holds, what)
            try:
                response = send()
            except TransportError as failure:
                faults += 1
                if not (is_read and failure.retryable and faults < _READ_TRIES and self._rest(faults)):
                    raise
                continue
            if 200 <= response.status < 300:
                return response
            problem = read_problem(response.body)
            if problem is not None and problem.code == "badNonce" and nonces < _NONCE_TRIES:
                nonces += 1
                continue
            if self._asks_for_patience(response, problem, once):
                waits += 1
                self._hold(holds, self.retry_after(response))
                self._wait(response, problem, waits, what)
                continue
            if response.status >= 500 and is_read:
                faults += 1
                if faults < _READ_TRIES and self._rest(faults):
                    continue
            raise self._refusal(response, problem, what)

    def _asks_for_patience(self, response: HttpResponse, problem: Problem | None, once: Once) -> bool:
        """429, 503 and rateLimited (RFC 8555 §6.6). A gateway's 503 may come after the effect."""
        if response.status == 429 or (problem is not None and problem.code == "rateLimited"):
            return True
        told = "retry-after" in response.headers
        believed = {Once.NO: True, Once.IF_TOLD: told, Once.IF_FOUND: False}[once]
        return response.status == 503 and (problem is not None or believed)

    def _wait(self, response: HttpResponse, problem: Problem | None, waits: int, what: str) -> None:
        pause = next_pause(
            waits,
            now=self.clock.now(),
            left=self.left,
            retry_after=response.headers.get("retry-after"),
            server_date=response.headers.get("date"),
        )
        if not pause.fits or waits > _MAX_WAITS:
            raise self._impatient(response, problem, what, pause.until)
        self.clock.sleep(pause.seconds)

    def _impatient(self, response: HttpResponse, problem: Problem | None, what: str, until: datetime) -> RefusedError:
        limited = response.status == 429 or (problem is not None and problem.code == "rateLimited")
        return RefusedError(
            code="acme_rateLimited" if limited else "acme_unavailable",
            what=f"The CA asks for patience: {what}",
            where=self._where,
            why=self._words(response, problem),
            todo="Run again then: the deadline of this run leaves no room for it",
            retryable=True,
            retry_at=until,
        )

    def _held(self, keys: tuple[str, ...]) -> datetime | None:
        return self._holds.until(keys) if self._holds is not None else None

    def _hold(self, keys: tuple[str, ...], seconds: float | None) -> None:
        """The narrowest of ``keys``: of what it was asked for, for whatever process."""
        if self._holds is not None and seconds:
            self._holds.hold(keys[-1], seconds)

    def _await_hold(self, keys: tuple[str, ...], what: str) -> None:
        """Never before the CA wants it, whichever process was told so."""
        while True:
            until = self._held(keys)
            if until is None:
                return
            seconds = (until - self.clock.now()).total_seconds()
            if seconds >= self.left:
                raise self._on_hold(until, what)
            self.clock.sleep(max(seconds, 0.0))

    def _on_hold(self, until: datetime, what: str) -> RefusedError:
        return RefusedError(
            code="acme_held",
            what=f"Not asked before the CA wants it: {what}",
            where=self._where,
            why=f"it said so to an earlier request: not before {render_time(until)}",
            todo="Run again then",
            retryable=True,
            retry_at=until,
        )

    def _rest(self, faults: int) -> bool:
        """Wait before a read is repeated; False if the deadline leaves no room."""
        pause = next_pause(faults, now=self.clock.now(), left=self.left)
        if pause.fits:
            self.clock.sleep(pause.seconds)
        return pause.fits

    # --- one request ---------------------------------------------------------------------------------------------

    def _send(self, method: str, url: str, body: bytes | None, accept: str = "") -> HttpResponse:
        if self.left <= 0:
            raise DeadlineError(
                code="acme_no_time_left",
                what=f"{method} {bare_url(url)} was not sent",
                where=self._where,
                why="the time for all requests to this CA is used up",
                todo="Run again, or give the run a longer deadline",
            )
        headers = {"Content-Type": "application/jose+json"} if body is not None else {}
        if accept:
            headers["Accept"] = accept
        response = self._http.request(method, url, headers=headers, body=body, timeout=min(self.left, _LONGEST_REQUEST))
        self._keep_nonce(response)
        return response

    def _send_signed(self, url: str, payload: bytes, accept: str) -> HttpResponse:
        body = self.key.sign(payload, url=url, nonce=self._nonce(), kid=self.kid)
        return self._send("POST", url, body, accept)

    def _nonce(self) -> str:
        """Each is used once (RFC 8555 §6.5): ``pop`` gives it to one thread alone."""
        with contextlib.suppress(IndexError):
            return self._nonces.pop()
        try:
            response = self._patiently(
                lambda: self._send("HEAD", self.new_nonce_url, None), "get a nonce", is_read=True
            )
        except TransportError as failure:
            failure.sent = False  # only the nonce was asked for: the request itself never left
            raise
        with contextlib.suppress(IndexError):
            return self._nonces.pop()
        raise self._refusal(response, None, "get a nonce")

    def _keep_nonce(self, response: HttpResponse) -> None:
        nonce = response.headers.get("replay-nonce", "")
        if _NONCE.fullmatch(nonce) and self.key.can_carry(nonce):
            self._nonces.append(nonce)
            del self._nonces[:-_MAX_POOL]

    # --- what an answer means ------------------------------------------------------------------------------------

    def _refusal(self, response: HttpResponse, problem: Problem | None, what: str) -> InkanError:
        words = self._words(response, problem)
        if response.status >= 500:
            seconds = self.retry_after(response)
            return TransportError(
                code="acme_server_fault",
                what=f"The CA has a fault: {what}",
                where=self._where,
                why=words,
                todo="Run again",
                retry_at=None if seconds is None else self.clock.now() + timedelta(seconds=seconds),
                sent=True,
            )
        is_missing = response.status == 404 and (problem is None or problem.code in ("", "malformed"))
        if is_missing and (problem is not None or "replay-nonce" in response.headers):
            # §6.7 has no type for it; Pebble sends nothing but a nonce, which no proxy in its place would send
            return RefusedError(
                code="acme_not_found", what=f"The CA refuses: {what}", where=self._where, why=words, retryable=False
            )
        if problem is None or not 400 <= response.status < 500:
            return ProtocolError(
                code="acme_bad_answer",
                what=f"The CA gave no usable answer: {what}",
                where=self._where,
                why=words,
                todo="Check that the directory URL is right and that no proxy answers in the CA's place",
                retryable=True,
            )
        advice = problem.advice
        return RefusedError(
            code=f"acme_{problem.code or 'refused'}",
            what=f"The CA refuses: {what}",
            where=self._where,
            why=words,
            todo=advice.todo + (f": {problem.instance}" if problem.instance else "") if advice else "",
            retryable=problem.retryable,
            reference="RFC 8555 §6.7",
        )

    def _words(self, response: HttpResponse, problem: Problem | None) -> str:
        """The other side's words, without our secrets."""
        if problem is not None:
            return mask(problem.sentence(), self._secrets)
        kind = escaped(response.headers.get("content-type", "no content type"), 100)
        start = escaped(response.body[:120].decode("utf-8", "replace"))
        return mask(f"HTTP {response.status} ({kind}): {start!r}", self._secrets)
