# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the HVCA API: logged in once, its turn in the budget awaited, sent, its answer judged. The ledger asks
again, not this; but a 401, which has no effect, is answered by one new login, and believed when it comes again.

    answer                                      submit                        every other call
    ------------------------------------------  ----------------------------  ---------------------------
    a status that the call may have, readable   the answer                    the answer
    202 where none is awaited                   TransportError (sent): find   RefusedError: ask again
    other 2xx, a page, half of an answer        TransportError (sent): find   TransportError
    429; 503 with Retry-After                   RefusedError; 503: find       RefusedError, retry_at
    401 twice, 403                              InputError: our credential    InputError: our credential
    4xx else                                    RefusedError: nothing made    RefusedError: the verb decides
    408, 409 without a word, 3xx, 5xx           TransportError (sent): find   TransportError

A token is valid for ten minutes (ca-apis 2a); one instance uses it for all orders of a batch. Whatever goes wrong while
logging in, no order was made.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import (
    LONGEST_MESSAGE,
    Exchange,
    Verdict,
    data_of,
    verdict_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Answered", "Call", "Network", "answer_unusable", "is_gone", "listed", "not_sent"]

#: Seconds that a token is used: a minute less than it lives.
_TOKEN_LIFE = 540.0
#: Seconds for everybody with this credential after a 429 that says no time.
_PAUSE = 5.0
_JSON = "application/json;charset=utf-8"
_MOST_PAGES = 1000
_UNBELIEVED = timedelta(days=2)


@dataclass(frozen=True)
class Call:
    """verb and path; what: for people; good: statuses that it may answer. is_submit: it may make a certificate."""

    verb: str
    path: str
    what: str
    body: t.Mapping[str, t.Any] | None = None
    good: tuple[int, ...] = (200,)
    is_submit: bool = False


@dataclass(frozen=True)
class Answered:
    """data: None where it has none."""

    status: int
    data: t.Any
    headers: t.Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @property
    def located(self) -> str:
        """The last part of Location."""
        return self.headers.get("location", "").partition("?")[0].rstrip("/").rpartition("/")[2]


class Network:
    """deadline: seconds from now for all requests together, waiting for their turn included."""

    def __init__(self, http: HttpClient, clock: Clock, settings: Settings, budget: Budget, *, deadline: float) -> None:
        self._settings = settings
        self._budget = budget
        self._token = ""
        self._token_ends = 0.0
        self._ahead = timedelta(0)
        self._exchange = Exchange(
            http,
            clock,
            where=f"GlobalSign Atlas, {settings.url}",
            secrets=settings.secrets,
            deadline=deadline,
            timeout=settings.timeout,
        )

    @property
    def where(self) -> str:
        return self._exchange.where

    @property
    def monotonic(self) -> float:
        return self._exchange.clock.monotonic()

    def now(self) -> datetime:
        """By the CA's clock, as the last login told it: what is sent and compared are its seconds."""
        return self._exchange.clock.now() + self._ahead

    def ask(self, call: Call) -> Answered:
        response = self._send(call)
        if response.status == 401:
            self._token = ""
            response = self._send(call)
        return self._judge(call, _name(call), response)

    def every(self, path: str, what: str) -> list[t.Any]:
        """All pages of a list. One that is shorter than its Total-Count says is none: what is missing may exist."""
        found: list[t.Any] = []
        mark = "&" if "?" in path else "?"
        for page in range(1, _MOST_PAGES + 1):
            call = Call("GET", f"{path}{mark}page={page}&per_page={self._settings.page_size}", what)
            answer = self.ask(call)
            rows = listed(answer.data, what)
            found += rows
            total = _number(answer.headers.get("total-count"))
            if total is not None and len(found) >= total:
                return found
            if not rows and total is not None:
                break
            if not rows or (total is None and len(rows) < self._settings.page_size):
                return found
        raise answer_unusable(
            f"the list is shorter than it says ({what})", f"{len(found)} entries", "atlas_half_a_list"
        )

    # --- sending ---------------------------------------------------------------------------------------------------

    def _send(self, call: Call) -> HttpResponse:
        """A login that fails sent nothing of the call."""
        try:
            self._log_in()
        except TransportError as failure:
            failure.sent = False
            raise
        except DeadlineError as failure:
            if call.is_submit:
                raise not_sent(failure) from failure
            raise
        return self._request(call, {"Authorization": f"Bearer {self._token}"})

    def _log_in(self) -> None:
        if self._token and self.monotonic < self._token_ends:
            return
        body = {"api_key": self._settings.api_key, "api_secret": self._settings.api_secret}
        call = Call("POST", "/login", "log in", body)
        response = self._request(call, {})
        if response.status == 401:
            response = self._request(call, {})
        answer = self._judge(call, _name(call), response)
        token = answer.data.get("access_token") if isinstance(answer.data, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not 0 < len(token) <= 8192:
            raise answer_unusable("the login gave no token", f"access_token is a {type(token).__name__}")
        self._token, self._token_ends = token, self.monotonic + _TOKEN_LIFE
        self._exchange.keep_secret(token)
        self._ahead = self._told_ahead(response)

    def _told_ahead(self, response: HttpResponse) -> timedelta:
        try:
            there = parsedate_to_datetime(response.headers.get("date", ""))
            ahead = there - self._exchange.clock.now()
        except (TypeError, ValueError, IndexError):
            return timedelta(0)
        return ahead if abs(ahead) < _UNBELIEVED else timedelta(0)

    def _request(self, call: Call, more: t.Mapping[str, str]) -> HttpResponse:
        what = _name(call)
        self._await_turn(call, what)
        headers = {"Accept": "application/json", **more}
        if self._settings.client_serial:
            headers["X-SSL-Client-Serial"] = self._settings.client_serial
        body = None
        if call.body is not None or call.verb != "GET":
            headers["Content-Type"] = _JSON
            body = json.dumps(call.body).encode() if call.body is not None else b""
        return self._exchange.send(
            call.verb,
            self._settings.url + call.path,
            headers,
            body,
            lambda: self._no_time(what, is_submit=call.is_submit),
        )

    def _await_turn(self, call: Call, what: str) -> None:
        wait = self._budget.take(max(self._exchange.left, 0.0))
        if wait > self._exchange.left:
            then = self._exchange.retry_at(wait)
            raise self._exchange.out_of_time("atlas_no_turn", what, is_submit=call.is_submit, retry_at=then)
        if wait > 0:
            self._exchange.clock.sleep(wait)

    def _no_time(self, what: str, *, is_submit: bool) -> InkanError:
        return self._exchange.out_of_time("atlas_no_time_left", what, is_submit=is_submit)

    # --- the answer ------------------------------------------------------------------------------------------------

    def _judge(self, call: Call, what: str, response: HttpResponse) -> Answered:
        data, is_read = data_of(response)
        told = _told(data)
        retry_after = self._exchange.seconds(response)
        if response.status in call.good and (is_read or response.status != 200):
            return Answered(response.status, data, response.headers, retry_after)
        if response.status == 202 and not call.is_submit:
            return self._patient(what, self._exchange.words(response, told), retry_after)
        if 200 <= response.status < 300:
            raise self._lost(call, what, "atlas_unreadable_answer", self._exchange.words(response, ""))
        raise self._refusal(call, what, response, told)

    def _patient(self, what: str, words: str, seconds: float | None) -> t.NoReturn:
        raise RefusedError(
            code="atlas_come_back_later",
            what=f"Atlas asks for patience ({what})",
            where=self.where,
            why=words,
            todo="Run again then",
            retryable=True,
            retry_at=self._exchange.retry_at(seconds),
        )

    def _refusal(self, call: Call, what: str, response: HttpResponse, told: str) -> InkanError:
        words = self._exchange.words(response, told)
        verdict = verdict_of(response, is_told=bool(told))
        if verdict is Verdict.LATER:
            seconds = self._exchange.seconds(response)
            pause = _PAUSE if seconds is None else seconds
            self._budget.hold(pause)
            if call.is_submit and response.status == 503:  # a gateway may say so of an order that was taken
                return self._lost(call, what, "atlas_server_fault", words, self._exchange.retry_at(pause))
            self._patient(what, words, pause)
        if verdict is Verdict.ACCOUNT:
            return self._key_refused(what, words)
        if verdict is Verdict.FAULT:
            return self._lost(call, what, "atlas_server_fault", words)
        if not told and not call.is_submit:
            return answer_unusable(f"it is no answer of the API ({what})", words)
        return RefusedError(
            code="atlas_refused",
            what=f"Atlas refuses ({what})",
            where=self.where,
            why=words,
            todo="Correct what it complains about, then run again; the account's rules are in its validation policy",
            reference=str(response.status),
        )

    def _key_refused(self, what: str, words: str) -> InputError:
        return InputError(
            code="atlas_credential_refused",
            what=f"Atlas does not accept our credential ({what})",
            where=self.where,
            why=words,
            todo="Check the secrets api_key and api_secret, and that client_certificate is the one of this credential",
        )

    def _lost(self, call: Call, what: str, code: str, words: str, retry_at: datetime | None = None) -> TransportError:
        todo = "It is looked for before anything is ordered again" if call.is_submit else "Run again"
        head = f"Atlas's answer cannot be used ({what})"
        return TransportError(
            code=code, what=head, where=self.where, why=words, todo=todo, retry_at=retry_at, sent=True
        )


def not_sent(failure: DeadlineError) -> TransportError:
    """Of a submit whose time was up before anything was ordered: said so that nobody looks for a lost order."""
    words = {name: getattr(failure, name) for name in ("code", "what", "where", "why", "todo", "retry_at")}
    return TransportError(sent=False, **words)


def is_gone(refusal: RefusedError) -> bool:
    """404: Atlas has no such thing, or not for this credential."""
    return refusal.code == "atlas_refused" and refusal.reference == "404"


def listed(data: object, what: str) -> list[t.Any]:
    """null is how some servers write an empty list."""
    if data is None:
        return []
    if not isinstance(data, list):
        raise answer_unusable(f"there is no list in it ({what})", f"it is a {type(data).__name__}")
    return data


def answer_unusable(head: str, why: str, code: str = "atlas_bad_answer") -> ProtocolError:
    return ProtocolError(
        code=code,
        what=f"Atlas's answer cannot be used: {head}",
        why=escaped(why, LONGEST_MESSAGE),
        todo="Run again; if it stays, ask GlobalSign",
        retryable=True,
    )


def _name(call: Call) -> str:
    return f"{call.what}: {call.verb} {call.path.partition('?')[0]}"


def _told(data: object) -> str:
    """``{"description": "Unprocessable Entity"}``, and what RFC 9457 has beside it."""
    if not isinstance(data, dict):
        return ""
    words = [data.get(name) for name in ("title", "description", "detail")]
    return ": ".join(dict.fromkeys(one[:LONGEST_MESSAGE] for one in words if isinstance(one, str) and one))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None
