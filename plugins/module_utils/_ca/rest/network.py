# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of a description: rendered, its turn awaited, sent, its answer judged. The ledger asks again, not this; but
a 401, which has no effect, is believed when it comes twice (gateways that restart say it of good keys), by a new token
where the seller has a login.

    answer                                            submit                        every other call
    ------------------------------------------------  ----------------------------  ---------------------------
    2xx and readable                                  the data                      the data
    2xx, but a page, half of one, nothing             TransportError (sent): find   TransportError
    429; 503 with Retry-After; a code of retry        RefusedError, retry_at        RefusedError, retry_at
    503 with Retry-After, and not in the API's words  TransportError (sent): find   RefusedError, retry_at
    401, 403; a code of account                       InputError: our key           InputError: our key
    a code of already                                 TransportError (sent): find   done (Reply.already)
    a code of gone                                    RefusedError                  Reply.gone
    4xx else                                          RefusedError: no order made   RefusedError: the verb decides
    408, 409 without a code, 3xx, 5xx                 TransportError (sent): find   TransportError

Of several steps of submit only the one that buys can have made an order: whatever goes wrong before it is a
TransportError that was not sent, or a refusal.

This file is private to the collection.
"""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import PREDECESSOR_UNKNOWN
from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import (
    Exchange,
    Verdict,
    data_of,
    verdict_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Call
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.request import Moment, Requests, secrets_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.session import Session
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.told import error_of, holds, kept_of, patience_of
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

__all__ = ["Network", "Reply"]

Words = t.Mapping[str, t.Any]
Check = t.Callable[[], None]


@dataclass(frozen=True)
class Reply:
    """data: what JSON said, or the text of a PEM answer; None where nothing came. retry_after: seconds, if said.

    url: what was asked, for the addresses in the answer that are relative to it.
    """

    data: t.Any = None
    retry_after: float | None = None
    already: bool = False
    gone: bool = False
    headers: t.Mapping[str, str] = field(default_factory=dict)
    url: str = ""


class Network:
    """deadline: seconds from now for all requests together, waiting for their turn included. budget: None: none."""

    def __init__(
        self, http: HttpClient, clock: Clock, settings: Settings, budget: Budget | None = None, *, deadline: float
    ) -> None:
        self._settings = settings
        self._errors = settings.description.errors
        self._limits = settings.description.limits
        self._requests = Requests(settings)
        self._budget = budget
        self._session = Session(settings.description.auth.login)
        self._exchange = Exchange(
            http,
            clock,
            where=f"{settings.description.seller}, {settings.url}",
            secrets=secrets_of(settings),
            deadline=deadline,
            timeout=settings.timeout,
        )

    def ask(self, call: Call, words: Words, target: str = "", *, still_ours: Check | None = None) -> Reply:
        """The steps before it first, each with what those before it kept. target: of a further page of a list.
        still_ours: of ``OrderRequest``."""
        kept: dict[str, t.Any] = {}
        for step in call.before:
            reply = self._ask_before(step, {**words, "kept": kept}, is_submit=call.buys)
            kept = {**kept, **kept_of(step, reply.data, is_submit=call.buys)}
        return self._ask(call, {**words, "kept": kept}, target, still_ours)

    def _ask_before(self, step: Call, words: Words, *, is_submit: bool) -> Reply:
        """Before the step that buys: whatever is unknown of this one, nothing was ordered."""
        try:
            return self._ask(step, words)
        except TransportError as failure:
            failure.sent = failure.sent and not is_submit
            raise
        except (DeadlineError, ProtocolError) as failure:
            if not is_submit:
                raise
            raise _as_not_sent(failure) from failure

    def _ask(self, call: Call, words: Words, target: str = "", still_ours: Check | None = None) -> Reply:
        response, what = self._sent(call, words, target, still_ours)
        try:
            return self._judge(call, what, response)
        except InputError as refusal:
            if refusal.code != "rest_account_refused":
                raise
        self._session.forget()
        self._session.learn_the_time(response, self._exchange.clock)
        response, what = self._sent(call, words, target, still_ours)
        return self._judge(call, what, response)

    # --- the request -----------------------------------------------------------------------------------------------

    def _sent(self, call: Call, words: Words, target: str, still_ours: Check | None) -> tuple[HttpResponse, str]:
        """The answer, and what was asked, for people."""
        try:
            self._log_in()
        except TransportError as failure:
            failure.sent = False
            raise
        except (DeadlineError, ProtocolError) as failure:
            if not call.buys:
                raise
            raise _as_not_sent(failure) from failure
        if still_ours is not None:
            still_ours()
        return self._request(call, words, target)

    def _log_in(self) -> None:
        """Once for all orders of a batch, as long as the token lives."""
        login = self._session.login
        if login is None or self._session.is_open(self._exchange.clock.monotonic()):
            return
        response, what = self._request(login.call, {})
        reply = self._judge(login.call, what, response)
        token = self._session.take(login, reply.data, self._exchange.clock.monotonic())
        self._exchange.keep_secret(token)

    def _request(self, call: Call, words: Words, target: str = "") -> tuple[HttpResponse, str]:
        moment = Moment(self._session.now(self._exchange.clock), secrets.token_hex(16))
        made = self._requests.make(call, words, moment, token=self._session.token, target=target)
        what = f"{call.name}: {made.verb} {made.path}"

        def no_time() -> InkanError:
            return self._exchange.out_of_time("rest_no_time_left", what, is_submit=call.name == "submit")

        self._await_turn(call, what)
        response = self._exchange.send(made.verb, made.url, made.headers, made.body, no_time)
        self._heed(response)
        return response, what

    def _await_turn(self, call: Call, what: str) -> None:
        if self._budget is None:
            return
        wait = self._budget.take(max(self._exchange.left, 0.0))
        if wait > self._exchange.left:
            then = self._exchange.retry_at(wait)
            is_submit = call.name == "submit"
            raise self._exchange.out_of_time("rest_no_turn", what, is_submit=is_submit, retry_at=then)
        if wait > 0:
            self._exchange.clock.sleep(wait)

    def _heed(self, response: HttpResponse) -> None:
        """No request is left: nobody asks before the seller counts anew."""
        if self._budget is not None and response.headers.get(self._limits.remaining, "").strip() == "0":
            seconds = self._seconds(response, None)
            if seconds is not None:
                self._budget.hold(seconds)

    def _seconds(self, response: HttpResponse, data: t.Any) -> float | None:
        """How long to wait, if the answer says so in any way."""
        told = self._exchange.seconds(response)
        return told if told is not None else patience_of(self._limits, response, data, self._exchange.clock.now())

    @property
    def url(self) -> str:
        return self._settings.url

    @property
    def _where(self) -> str:
        return self._exchange.where

    # --- the answer ------------------------------------------------------------------------------------------------

    def _judge(self, call: Call, what: str, response: HttpResponse) -> Reply:
        data, is_read = data_of(response)
        is_success = response.status in call.expect if call.expect else 200 <= response.status < 300
        if is_success and not (is_read and holds(self._errors.when, data)):
            if not is_read and (response.body.strip() or _must_say(call)):
                raise self._unread(call, what, response)
            return Reply(data, self._exchange.seconds(response), headers=response.headers, url=response.url)
        code, message = error_of(self._errors, data) if is_read else ("", "")
        if code in call.already and code:
            if call.buys:
                raise self._transport(call, what, "rest_ordered_before", self._words(response, code, message))
            return Reply(already=True)
        if code in self._errors.gone and code and call.name not in ("submit", "revoke"):
            return Reply(gone=True)
        raise self._refusal(call, what, response, code, message, data)

    def _refusal(
        self, call: Call, what: str, response: HttpResponse, code: str, message: str, data: t.Any
    ) -> InkanError:
        words, status = self._words(response, code, message), response.status
        is_told = bool(code or message)
        if status < 300 and call.expect and status not in call.expect:  # a success of another kind: not yet, mostly
            if call.buys:
                return self._transport(call, what, "rest_strange_success", words)
            return self._patience(what, response, words, data)
        verdict = self._verdict(response, code, is_told=is_told, is_submit=call.buys)
        if verdict is Verdict.LATER:
            return self._patience(what, response, words, data)
        if verdict is Verdict.ACCOUNT:
            return InputError(
                code="rest_account_refused",
                what=f"The seller does not accept our account ({what})",
                where=self._where,
                why=words,
                todo="Check the secrets of the account, and whether the seller allows this machine's address",
            )
        if verdict is Verdict.FAULT:
            then = self._exchange.retry_at(self._seconds(response, data))
            return self._transport(call, what, "rest_server_fault", words, then)
        if status >= 400 and not is_told and call.name != "submit":
            return ProtocolError(
                code="rest_bad_answer",
                what=f"The seller gave no usable answer ({what})",
                where=self._where,
                why=words,
                todo="Check the url of the account, and the request in the description",
                retryable=True,
            )
        return RefusedError(
            code=PREDECESSOR_UNKNOWN if code and code in self._errors.predecessor else "rest_refused",
            what=f"The seller refuses ({what})",
            where=self._where,
            why=words,
            todo="Correct what it complains about, then run again",
            reference=escaped(code, 100),
        )

    def _verdict(self, response: HttpResponse, code: str, *, is_told: bool, is_submit: bool) -> Verdict:
        """The seller's own codes, as described, say more than the status. An error with status 2xx is a refusal."""
        verdict = verdict_of(response, is_told=is_told, is_submit=is_submit)
        verdict = Verdict.REFUSED if response.status < 300 else verdict
        if code and code in self._errors.retry:
            return Verdict.LATER
        if code and code in self._errors.account and verdict is not Verdict.LATER:
            return Verdict.ACCOUNT
        return verdict

    def _patience(self, what: str, response: HttpResponse, words: str, data: t.Any) -> RefusedError:
        seconds = self._seconds(response, data)
        if self._budget is not None and seconds is not None:
            self._budget.hold(seconds)
        return RefusedError(
            code="rest_come_back_later",
            what=f"The seller asks for patience ({what})",
            where=self._where,
            why=words,
            todo="Run again then",
            retryable=True,
            retry_at=self._exchange.retry_at(seconds),
        )

    def _unread(self, call: Call, what: str, response: HttpResponse) -> InkanError:
        return self._transport(call, what, "rest_unreadable_answer", self._words(response, "", ""))

    def _transport(
        self, call: Call, what: str, code: str, words: str, retry_at: datetime | None = None
    ) -> TransportError:
        todo = "It is looked for before anything is ordered again" if call.buys else "Run again"
        head = f"The seller's answer cannot be used ({what})"
        return TransportError(
            code=code, what=head, where=self._where, why=words, todo=todo, retry_at=retry_at, sent=True
        )

    def _words(self, response: HttpResponse, code: str, message: str) -> str:
        return self._exchange.words(response, f"{code}: {message}" if code and message else code or message)


def _must_say(call: Call) -> bool:
    """Something of its answer is needed."""
    return call.buys or bool(call.keep) or call.certificate is not None or call.name in ("find", "look", "login")


def _as_not_sent(failure: InkanError) -> TransportError:
    words = {name: getattr(failure, name) for name in ("code", "what", "where", "why", "todo", "retry_at")}
    return TransportError(sent=False, **words)
