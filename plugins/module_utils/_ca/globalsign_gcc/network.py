# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the SOAP services: its turn in the budget awaited, sent, its answer judged. The ledger asks again, not
this; but a refused login, which has no effect, is believed when it comes twice.

    answer                                          submit                        every other call
    ----------------------------------------------  ----------------------------  ---------------------------
    SuccessCode 0 or 1 (a warning)                  the Response                  the Response
    SuccessCode -1 with HTTP 200, error of kind
      retry (-1 internal, -201 … database)          TransportError (sent): find   TransportError
      auth (login, address)                         InputError: our account       InputError: our account
      caller, state, dcv, money, phishing, unknown  RefusedError: verb decides    RefusedError: verb decides
    200, but a page, half of one, another message   TransportError (sent): find   TransportError
    429                                             RefusedError, retry_at        RefusedError, retry_at
    503 with Retry-After                            TransportError (sent): find   RefusedError, retry_at
    a SOAP fault, 3xx, 408, 5xx                     TransportError (sent): find   TransportError
    401, 403                                        InputError: our account       InputError: our account
    4xx else                                        TransportError (sent): find   ProtocolError

The credentials are in the body of each request; nothing of a request is ever told.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import (
    LONGEST_MESSAGE,
    Exchange,
    Verdict,
    verdict_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import (
    Body,
    Fault,
    Node,
    NotXml,
    answer_in,
    envelope,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask

__all__ = ["QUERY", "SERVER", "Call", "Network", "codes_of"]

SERVER, QUERY = "ServerSSLService", "GASService"
_HEADERS = ("OrderResponseHeader", "QueryResponseHeader")
_MOST_ERRORS = 20
#: Seconds of rest after a 429 that says none: no public document tells what the limits are.
_REST = 5.0


@dataclass(frozen=True)
class Call:
    """what: for people. is_query: its header is that of queries. is_submit: it may make an order."""

    service: str
    operation: str
    what: str
    request: Body
    is_query: bool = False
    is_submit: bool = False


class Network:
    """deadline: seconds from now for all requests together, waiting for their turn included."""

    def __init__(self, http: HttpClient, clock: Clock, settings: Settings, budget: Budget, *, deadline: float) -> None:
        self._settings = settings
        self._budget = budget
        self._refused: InputError | None = None
        self._secrets = (settings.password, escape(settings.password, {'"': "&quot;"}))
        self._exchange = Exchange(
            http,
            clock,
            where=f"GlobalSign GCC, {settings.url}",
            secrets=self._secrets,
            deadline=deadline,
            timeout=settings.timeout,
        )

    @property
    def where(self) -> str:
        return self._exchange.where

    def ask(self, call: Call) -> Node:
        """The Response of a good answer. A login that was refused twice is not tried again: that locks accounts."""
        if self._refused is not None:
            raise self._refused
        try:
            return self._once(call)
        except InputError as refusal:
            if refusal.code != "gcc_login_refused":
                raise
        try:
            return self._once(call)
        except InputError as refusal:
            self._refused = refusal if refusal.code == "gcc_login_refused" else None
            raise

    def _once(self, call: Call) -> Node:
        what = f"{call.what}: {call.operation}"
        self._await_turn(call, what)
        try:
            body = envelope(call.operation, self._with_credentials(call))
        except ValueError as failure:
            raise _unspeakable(what, str(failure)) from failure
        headers = {"Content-Type": "text/xml;charset=UTF-8", "Accept": "text/xml", "SOAPAction": '""'}

        def no_time() -> InkanError:
            return self._exchange.out_of_time("gcc_no_time_left", what, is_submit=call.is_submit)

        response = self._exchange.send("POST", f"{self._settings.url}/{call.service}", headers, body, no_time)
        return self._judge(call, what, response)

    def _with_credentials(self, call: Call) -> Body:
        token = {"UserName": self._settings.user_name, "Password": self._settings.password}
        header = "QueryRequestHeader" if call.is_query else "OrderRequestHeader"
        return {header: {"AuthToken": token}, **call.request}

    def _await_turn(self, call: Call, what: str) -> None:
        wait = self._budget.take(max(self._exchange.left, 0.0))
        if wait > self._exchange.left:
            then = self._exchange.retry_at(wait)
            raise self._exchange.out_of_time("gcc_no_turn", what, is_submit=call.is_submit, retry_at=then)
        if wait > 0:
            self._exchange.clock.sleep(wait)

    # --- the answer ------------------------------------------------------------------------------------------------

    def _judge(self, call: Call, what: str, response: HttpResponse) -> Node:
        answer, why = _read(response, call.operation)
        if response.status != 200:
            raise self._http_failure(call, what, response, answer)
        if isinstance(answer, Fault):
            raise self._lost(call, what, "gcc_server_fault", self._words(response, _fault(answer)))
        if answer is None:
            raise self._lost(call, what, "gcc_unreadable_answer", f"{why}; {self._words(response, '')}"[:1500])
        header = next((one for name in _HEADERS for one in [answer.child(name)] if one is not None), None)
        success = header.word("SuccessCode") if header is not None else ""
        errors = _errors_in(header) if header is not None else []
        if success in ("0", "1"):
            return answer
        if header is None or (success != "-1" and not errors):
            raise self._lost(call, what, "gcc_unreadable_answer", f"its SuccessCode is {escaped(repr(success), 60)}")
        raise self._refusal(call, what, errors)

    def _refusal(self, call: Call, what: str, errors: list[tuple[str, str]]) -> InkanError:
        codes = [code for code, _words in errors]
        words = self._told(
            "; ".join(f"{code}: {text}" if text else code for code, text in errors) or "no error is told"
        )
        kinds = {self._settings.error_kinds.get(code, "unknown") for code in codes}
        if "auth" in kinds:
            return self._account_refused(what, words, codes)
        if "retry" in kinds or not codes:
            return self._lost(call, what, "gcc_server_fault", words, reference=" ".join(codes))
        return RefusedError(
            code="gcc_no_money" if "money" in kinds else "gcc_refused",
            what=f"GlobalSign refuses ({what})",
            where=self.where,
            why=words,
            todo=_todo(kinds),
            reference=escaped(" ".join(codes), 200),
        )

    def _account_refused(self, what: str, words: str, codes: t.Sequence[str] = ()) -> InputError:
        is_address = "-4201" in codes
        todo = "Let GlobalSign add the address that this host has in the internet to the allow-list of the API user"
        return InputError(
            code="gcc_address_refused" if is_address else "gcc_login_refused",
            what=f"GlobalSign does not accept {'our address' if is_address else 'our login'} ({what})",
            where=f"{self.where}, user {self._settings.user_name}",
            why=words,
            todo=todo if is_address else "Check user_name and the secret password, and the API user's rights",
        )

    def _http_failure(self, call: Call, what: str, response: HttpResponse, answer: Node | Fault | None) -> InkanError:
        told = _fault(answer) if isinstance(answer, Fault) else ""
        words = self._words(response, told)
        verdict = verdict_of(response, is_told=bool(told))
        if verdict is Verdict.LATER:
            patience = self._patience(what, response, words)
            if call.is_submit and response.status == 503:  # a gateway may say so of an order that was taken
                return self._lost(call, what, "gcc_server_fault", words, patience.retry_at)
            return patience
        if verdict is Verdict.ACCOUNT:
            return self._account_refused(what, words)
        if verdict is Verdict.FAULT or call.is_submit:
            return self._lost(call, what, "gcc_server_fault", words)
        return ProtocolError(
            code="gcc_bad_answer",
            what=f"GlobalSign gave no usable answer ({what})",
            where=self.where,
            why=words,
            todo="Check the url of the account",
            retryable=True,
        )

    def _patience(self, what: str, response: HttpResponse, words: str) -> RefusedError:
        seconds = self._exchange.seconds(response)
        pause = _REST if seconds is None else seconds
        self._budget.hold(pause)
        return RefusedError(
            code="gcc_come_back_later",
            what=f"GlobalSign asks for patience ({what})",
            where=self.where,
            why=words,
            todo="Run again then; if it happens often, set requests_per_minute lower",
            retryable=True,
            retry_at=self._exchange.retry_at(pause),
        )

    def _lost(
        self, call: Call, what: str, code: str, words: str, retry_at: datetime | None = None, *, reference: str = ""
    ) -> TransportError:
        return TransportError(
            code=code,
            what=f"GlobalSign's answer cannot be used ({what})",
            where=self.where,
            why=words,
            todo="It is looked for before anything is ordered again" if call.is_submit else "Run again",
            retry_at=retry_at,
            reference=reference,
            sent=True,
        )

    def _words(self, response: HttpResponse, told: str) -> str:
        return self._exchange.words(response, told)

    def _told(self, text: str) -> str:
        return escaped(mask(text, self._secrets), LONGEST_MESSAGE)


def _unspeakable(what: str, why: str) -> InputError:
    return InputError(
        code="gcc_unspeakable",
        what=f"Cannot be sent to GlobalSign ({what})",
        why=why,
        todo="Leave that character out of the certificate's options",
    )


def codes_of(failure: InkanError) -> list[str]:
    """GlobalSign's own codes, as they were written down."""
    return failure.reference.split()


def _read(response: HttpResponse, operation: str) -> tuple[Node | Fault | None, str]:
    try:
        return answer_in(response.body, operation), ""
    except NotXml as failure:
        return None, escaped(str(failure), 300)


def _fault(fault: Fault) -> str:
    return f"{fault.code}: {fault.words}" if fault.code else fault.words


def _errors_in(header: Node) -> list[tuple[str, str]]:
    """Codes and words; the field that is meant is among the words."""
    found = []
    for one in list(header.every("Error"))[:_MOST_ERRORS]:
        code, field = one.word("ErrorCode")[:20], one.word("ErrorField")[:200]
        words = one.word("ErrorMessage")[:LONGEST_MESSAGE]
        if code or words:
            found.append((escaped(code, 20).replace(" ", "") or "(none)", f"{words} [{field}]" if field else words))
    return found


def _todo(kinds: t.Collection[str]) -> str:
    if "money" in kinds:
        return "Pay money in, or have the limit raised, then run again"
    if "phishing" in kinds:
        return "GlobalSign's people look at names on this list: write to its support, then run again"
    return "Correct what it complains about, then run again; the manual of the API has a list of its codes"
