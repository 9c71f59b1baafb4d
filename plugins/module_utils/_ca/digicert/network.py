# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of the Services API: its turn in the budget awaited, sent, its answer judged. The ledger asks again, not
this; but a 401, which has no effect, is believed when it comes twice (gateways that restart say it of good keys).

    answer                                    submit                        every other call
    ----------------------------------------  ----------------------------  ---------------------------
    2xx and readable, 204                     the data                      the data
    2xx, but a page, half of one, nothing     TransportError (sent): find   TransportError
    429                                       RefusedError, retry_at        RefusedError, retry_at
    503 with Retry-After                      TransportError (sent): find   RefusedError, retry_at
    401, 403 access_denied|missing_…          InputError: our key           InputError: our key
    4xx else                                  RefusedError: no order made   RefusedError: the verb decides
    408, 409 without a code, 3xx, 5xx         TransportError (sent): find   TransportError, retry_at if it is said

A 429 says no Retry-After as far as is documented; then everybody with this key waits as long as the shorter window.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import (
    LONGEST_MESSAGE,
    Exchange,
    Verdict,
    data_of,
    verdict_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.pages import text_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Budget, Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Call", "Network", "codes_of"]

_MISSING_PERMISSION = "access_denied|missing_permission"
#: Whoever asked may not answer; with which HTTP status it comes is told nowhere (ca-apis 8).
_INVALID_APPROVER = "access_denied|invalid_approver"
_RATE_CODE = "request_limit_exceeded"
_ERRORS = "https://dev.digicert.com/errors/"
_MOST_ERRORS = 20


@dataclass(frozen=True)
class Call:
    """verb and path; what: for people. is_submit: it may make an order. is_approval: with the approver's key, where
    there is one."""

    verb: str
    path: str
    what: str
    body: t.Mapping[str, t.Any] | None = None
    is_submit: bool = False
    is_text: bool = False
    is_approval: bool = False


class Network:
    """deadline: seconds from now for all requests together, waiting for their turn included. way_out: of a pause that
    DigiCert asked for, for people."""

    def __init__(
        self, http: HttpClient, clock: Clock, settings: Settings, budget: Budget, *, deadline: float, way_out: str = ""
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._way_out = way_out
        self._exchange = Exchange(
            http,
            clock,
            where=f"DigiCert CertCentral, {settings.url}",
            secrets=tuple(key for key in (settings.api_key, settings.approver_api_key) if key),
            deadline=deadline,
            timeout=settings.timeout,
        )

    @property
    def where(self) -> str:
        return self._exchange.where

    def ask(self, call: Call) -> t.Any:
        """The data of a good answer; None where it has none; the text where the call is about a text."""
        try:
            return self._once(call)
        except InputError as refusal:
            if refusal.code != "digicert_key_refused":
                raise
            return self._once(call)

    def _once(self, call: Call) -> t.Any:
        what = f"{call.what}: {call.verb} {call.path.partition('?')[0]}"
        self._await_turn(call, what)
        key = (call.is_approval and self._settings.approver_api_key) or self._settings.api_key
        headers = {"Accept": "*/*" if call.is_text else "application/json", "X-DC-DEVKEY": key}
        body = None
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(call.body, ensure_ascii=False).encode("utf-8", "replace")

        def no_time() -> InkanError:
            return self._exchange.out_of_time("digicert_no_time_left", what, is_submit=call.is_submit)

        response = self._exchange.send(call.verb, self._settings.url + call.path, headers, body, no_time)
        return self._judge(call, what, response)

    def _await_turn(self, call: Call, what: str) -> None:
        wait = self._budget.take(max(self._exchange.left, 0.0))
        if wait > self._exchange.left:
            then = self._exchange.retry_at(wait)
            raise self._exchange.out_of_time(
                "digicert_no_turn", what, is_submit=call.is_submit, retry_at=then, more=self._way_out
            )
        if wait > 0:
            self._exchange.clock.sleep(wait)

    # --- the answer ------------------------------------------------------------------------------------------------

    def _judge(self, call: Call, what: str, response: HttpResponse) -> t.Any:
        if 200 <= response.status < 300:
            if call.is_text:
                return text_of(response)
            data, is_read = data_of(response)
            if is_read:
                return data
            if response.status == 204 or (not response.body.strip() and not call.is_submit and call.verb != "GET"):
                return None
            raise self._lost(call, what, "digicert_unreadable_answer", self._exchange.words(response, ""))
        errors = _errors_in(response)
        told = "; ".join(f"{code}: {message}" if message else code for code, message in errors)
        raise self._refusal(call, what, response, [code for code, _message in errors if code], told)

    def _refusal(self, call: Call, what: str, response: HttpResponse, codes: list[str], told: str) -> InkanError:
        words = self._exchange.words(response, told[:LONGEST_MESSAGE])
        verdict = verdict_of(response, is_told=bool(told))
        if verdict is Verdict.LATER or _RATE_CODE in codes:
            patience = self._patience(what, response, words)
            if call.is_submit and response.status == 503:  # a gateway may say so of an order that was taken
                return self._lost(call, what, "digicert_server_fault", words, patience.retry_at)
            return patience
        is_ours = response.status == 401 or (response.status == 403 and (not codes or _MISSING_PERMISSION in codes))
        if is_ours and _INVALID_APPROVER not in codes:
            return self._key_refused(what, words, is_known=response.status == 403)
        if verdict is Verdict.FAULT:
            then = self._exchange.retry_at(self._exchange.seconds(response))
            return self._lost(call, what, "digicert_server_fault", words, then)
        if not told and not call.is_submit:
            return ProtocolError(
                code="digicert_bad_answer",
                what=f"DigiCert gave no usable answer ({what})",
                where=self.where,
                why=words,
                todo="Check the url of the account",
                retryable=True,
            )
        return RefusedError(
            code="digicert_refused",
            what=f"DigiCert refuses ({what})",
            where=self.where,
            why=words,
            todo=f"Correct what it complains about, then run again; its codes are at {_ERRORS}",
            reference=escaped(" ".join(codes), 200),
        )

    def _patience(self, what: str, response: HttpResponse, words: str) -> RefusedError:
        seconds = self._exchange.seconds(response)
        pause = self._settings.limits[0].seconds if seconds is None else seconds
        self._budget.hold(pause)
        return RefusedError(
            code="digicert_come_back_later",
            what=f"DigiCert asks for patience ({what})",
            where=self.where,
            why=words,
            todo="Run again then",
            retryable=True,
            retry_at=self._exchange.retry_at(pause),
        )

    def _key_refused(self, what: str, words: str, *, is_known: bool) -> InputError:
        return InputError(
            code="digicert_permission_missing" if is_known else "digicert_key_refused",
            what=f"DigiCert does not accept our API key{' for this' if is_known else ''} ({what})",
            where=self.where,
            why=words,
            todo="Give the key's user the right to it, or lift the key's restriction"
            if is_known
            else "Check the secret api_key; a key that was revoked or never saved must be made anew in CertCentral",
        )

    def _lost(self, call: Call, what: str, code: str, words: str, retry_at: datetime | None = None) -> TransportError:
        todo = "It is looked for before anything is ordered again" if call.is_submit else "Run again"
        head = f"DigiCert's answer cannot be used ({what})"
        return TransportError(
            code=code, what=head, where=self.where, why=words, todo=todo, retry_at=retry_at, sent=True
        )


def codes_of(refusal: RefusedError) -> list[str]:
    """DigiCert's own codes, as ``_refusal`` wrote them down."""
    return refusal.reference.split()


def _errors_in(response: HttpResponse) -> list[tuple[str, str]]:
    """``{"errors": [{"code", "message"}]}``; one recorded answer has a single object in place of the list."""
    data, _is_read = data_of(response)
    errors = data.get("errors") if isinstance(data, dict) else None
    listed = errors if isinstance(errors, list) else [errors]
    return [
        (str(one.get("code") or "")[:200], str(one.get("message") or "")[:LONGEST_MESSAGE])
        for one in listed[:_MOST_ERRORS]
        if isinstance(one, dict) and (one.get("code") or one.get("message"))
    ]
