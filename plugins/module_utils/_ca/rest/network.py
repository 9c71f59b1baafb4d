# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of a description: rendered, sent, its answer judged. The ledger asks again, not this; but a 401, which has
no effect, is believed when it comes twice (gateways that restart say it of good keys).

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

This file is private to the collection.
"""

from __future__ import annotations

import base64
import json
import typing as t
import urllib.parse
from datetime import datetime
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import PREDECESSOR_UNKNOWN
from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import (
    LONGEST_MESSAGE,
    Exchange,
    Verdict,
    data_of,
    verdict_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Call, ErrorShape
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import (
    render_header,
    render_path,
    render_query,
    render_tree,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Network", "Reply"]

#: A body that is sent is a CSR and some words; a hundred names make a few kilobytes.
_LARGEST_BODY = 256 * 1024


@dataclass(frozen=True)
class Reply:
    """data: what JSON said, or the text of a PEM answer; None where nothing came. retry_after: seconds, if said."""

    data: t.Any = None
    retry_after: float | None = None
    already: bool = False
    gone: bool = False


class Network:
    """deadline: seconds from now for all requests together."""

    def __init__(self, http: HttpClient, clock: Clock, settings: Settings, *, deadline: float) -> None:
        self._settings = settings
        self._errors = settings.description.errors
        self._exchange = Exchange(
            http,
            clock,
            where=f"{settings.description.seller}, {settings.url}",
            secrets=_secrets(settings),
            deadline=deadline,
            timeout=settings.timeout,
        )

    def ask(self, call: Call, words: t.Mapping[str, t.Any]) -> Reply:
        words = {**words, "secrets": self._settings.secrets}
        path = render_path(call.path, words)
        url = self._settings.url + path + render_query(call.query, words)
        headers, body = self._headers(call, words), None
        if call.body is not None or call.form is not None:
            kind, body = _body(call, words)
            headers = {"Content-Type": kind, **headers}
        what = f"{call.name}: {call.verb} {path}"
        try:
            return self._judge(call, what, self._send(call, what, url, headers, body))
        except InputError as refusal:
            if refusal.code != "rest_account_refused":
                raise
            return self._judge(call, what, self._send(call, what, url, headers, body))

    # --- the request -----------------------------------------------------------------------------------------------

    def _headers(self, call: Call, words: t.Mapping[str, t.Any]) -> dict[str, str]:
        """The call's own headers win over those of all calls, whatever letters they are written in."""
        described = self._settings.description
        found = {"accept": ("Accept", "application/json")}
        if described.basic_auth is not None:
            pair = described.basic_auth.filled(words, str).encode("utf-8", "replace")
            found["authorization"] = ("Authorization", "Basic " + base64.b64encode(pair).decode("ascii"))
        for name, template in [*described.headers.items(), *call.headers.items()]:
            found[name.lower()] = (name, render_header(name, template, words))
        return dict(found.values())

    def _send(self, call: Call, what: str, url: str, headers: dict[str, str], body: bytes | None) -> HttpResponse:
        def no_time() -> InkanError:
            return self._exchange.out_of_time("rest_no_time_left", what, is_submit=call.name == "submit")

        return self._exchange.send(call.verb, url, headers, body, no_time)

    @property
    def _where(self) -> str:
        return self._exchange.where

    # --- the answer ------------------------------------------------------------------------------------------------

    def _judge(self, call: Call, what: str, response: HttpResponse) -> Reply:
        data, is_read = data_of(response)
        is_success = response.status in call.expect if call.expect else 200 <= response.status < 300
        if is_success and not (is_read and _holds(self._errors.when, data)):
            if not is_read and (response.body.strip() or call.name in ("submit", "find", "look", "download")):
                raise self._unread(call, what, response)
            return Reply(data=data, retry_after=self._exchange.seconds(response))
        code, message = _error_of(self._errors, data) if is_read else ("", "")
        if code in call.already and code:
            if call.name == "submit":
                raise self._transport(call, what, "rest_ordered_before", self._words(response, code, message))
            return Reply(already=True)
        if code in self._errors.gone and code and call.name not in ("submit", "revoke"):
            return Reply(gone=True)
        raise self._refusal(call, what, response, code, message)

    def _refusal(self, call: Call, what: str, response: HttpResponse, code: str, message: str) -> InkanError:
        words, status = self._words(response, code, message), response.status
        is_told = bool(code or message)
        if status < 300 and call.expect and status not in call.expect:  # a success of another kind: not yet, mostly
            is_lost = call.name == "submit"
            return (
                self._transport(call, what, "rest_strange_success", words)
                if is_lost
                else self._patience(what, response, words)
            )
        verdict = self._verdict(response, code, is_told=is_told, is_submit=call.name == "submit")
        if verdict is Verdict.LATER:
            return self._patience(what, response, words)
        if verdict is Verdict.ACCOUNT:
            return InputError(
                code="rest_account_refused",
                what=f"The seller does not accept our account ({what})",
                where=self._where,
                why=words,
                todo="Check the secrets of the account, and whether the seller allows this machine's address",
            )
        if verdict is Verdict.FAULT:
            then = self._exchange.retry_at(self._exchange.seconds(response))
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

    def _patience(self, what: str, response: HttpResponse, words: str) -> RefusedError:
        return RefusedError(
            code="rest_come_back_later",
            what=f"The seller asks for patience ({what})",
            where=self._where,
            why=words,
            todo="Run again then",
            retryable=True,
            retry_at=self._exchange.retry_at(self._exchange.seconds(response)),
        )

    def _unread(self, call: Call, what: str, response: HttpResponse) -> InkanError:
        return self._transport(call, what, "rest_unreadable_answer", self._words(response, "", ""))

    def _transport(
        self, call: Call, what: str, code: str, words: str, retry_at: datetime | None = None
    ) -> TransportError:
        todo = "It is looked for before anything is ordered again" if call.name == "submit" else "Run again"
        head = f"The seller's answer cannot be used ({what})"
        return TransportError(
            code=code, what=head, where=self._where, why=words, todo=todo, retry_at=retry_at, sent=True
        )

    def _words(self, response: HttpResponse, code: str, message: str) -> str:
        return self._exchange.words(response, f"{code}: {message}" if code and message else code or message)


def _secrets(settings: Settings) -> list[str]:
    """What no message may repeat; user and password together, too, for their base64 is another than that of each."""
    pair = settings.description.basic_auth
    return [*settings.secrets.values(), *([] if pair is None else [pair.filled({"secrets": settings.secrets}, str)])]


def _body(call: Call, words: t.Mapping[str, t.Any]) -> tuple[str, bytes]:
    if call.form is not None:
        fields = []
        for name, value in render_tree(call.form, words).items():
            for one in value if isinstance(value, list) else [value]:
                fields.append((name, _field(call, name, one)))
        body = urllib.parse.urlencode(fields, errors="replace").encode("ascii")
        kind = "application/x-www-form-urlencoded"
    else:
        body = json.dumps(render_tree(call.body, words), ensure_ascii=False).encode("utf-8", "replace")
        kind = "application/json"
    if len(body) > _LARGEST_BODY:
        raise InputError(
            code="rest_too_large",
            what=f"Will not send so long a request ({call.name})",
            why=f"it has {len(body)} bytes, {_LARGEST_BODY} are possible",
            todo="Look at the options of the certificate",
        )
    return kind, body


def _field(call: Call, name: str, value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else word_of(value)
    if text is None:
        raise InputError(
            code="rest_no_value",
            what=f"Cannot fill in the form field {escaped(name, 80)} ({call.name})",
            why="its value is a dictionary or a list of lists",
            todo="Name one text of it in the description",
        )
    return text


def _holds(when: t.Any, data: object) -> bool:
    return when is not None and bool(when.of(data))


def _error_of(shape: ErrorShape, data: object) -> tuple[str, str]:
    """The seller's code and words, as far as its answer has them."""
    found = []
    for expression in (shape.code, shape.message):
        try:
            value = expression.of(data) if expression is not None else None
        except ProtocolError:
            value = None
        if isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False)[:LONGEST_MESSAGE]
        found.append(word_of(value) or "")
    return found[0][:200], found[1][:LONGEST_MESSAGE]
