# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one CA's API over HTTP, and what an answer means whatever API it is of.

    answer                           Verdict
    -------------------------------  --------------------------------------------------------------
    429; 503 with Retry-After        LATER     nothing was done; come back (a 503 to a submit: FAULT, unless it is told
                                               in the API's own words: a gateway may say so of an order that was taken)
    401, 403                         ACCOUNT   nothing was done; our key is not accepted
    408, 3xx, 5xx, 409 without code  FAULT     nothing is known: it may have had its effect
    any other 4xx                    REFUSED   the other side understood and says no

The adapters make their own errors of it: they know whose words they are and what a person can do.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.pages import said_by, text_of
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import retry_after_seconds
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask

__all__ = ["LONGEST_MESSAGE", "Exchange", "Verdict", "data_of", "verdict_of"]

LONGEST_MESSAGE = 600


class Verdict(enum.Enum):
    LATER = "later"
    ACCOUNT = "account"
    FAULT = "fault"
    REFUSED = "refused"


def verdict_of(response: HttpResponse, *, is_told: bool, is_submit: bool = False) -> Verdict:
    """Of an answer that is no success. is_told: its body has a code or words of the API itself."""
    status = response.status
    if status == 429 or (status == 503 and "retry-after" in response.headers and (is_told or not is_submit)):
        return Verdict.LATER
    if status in (401, 403):
        return Verdict.ACCOUNT
    if 400 <= status < 500 and status != 408 and (status != 409 or is_told):
        return Verdict.REFUSED
    return Verdict.FAULT


def data_of(response: HttpResponse) -> tuple[t.Any, bool]:
    """What the body says, and whether it says anything: JSON of any kind, or a bare PEM text."""
    text = text_of(response).strip()
    if text.startswith("-----BEGIN "):
        return text, True
    if not text:
        return None, False
    try:
        return load_json(text), True
    except ValueError:
        return None, False


class Exchange:
    """where: the other side, for people; deadline: seconds from now for all requests together; timeout: for one."""

    def __init__(
        self,
        http: HttpClient,
        clock: Clock,
        *,
        where: str,
        secrets: t.Collection[str],
        deadline: float,
        timeout: float,
    ) -> None:
        self.clock = clock
        self.where = where
        self._http = http
        self._secrets = tuple(secrets)
        self._timeout = timeout
        self._ends = clock.monotonic() + deadline

    def keep_secret(self, text: str) -> None:
        """It is masked in what is told from now on, too."""
        self._secrets = (*self._secrets[-20:], text)

    @property
    def left(self) -> float:
        return self._ends - self.clock.monotonic()

    def send(
        self,
        verb: str,
        url: str,
        headers: t.Mapping[str, str],
        body: bytes | None,
        no_time: t.Callable[[], InkanError],
    ) -> HttpResponse:
        """no_time: makes the error where the time is up before anything was sent."""
        if self.left <= 0:
            raise no_time()
        try:
            return self._http.request(verb, url, headers=headers, body=body, timeout=min(self.left, self._timeout))
        except DeadlineError as failure:
            raise no_time() from failure

    def out_of_time(
        self, code: str, what: str, *, is_submit: bool, retry_at: datetime | None = None, more: str = ""
    ) -> InkanError:
        """Of a submit it is said so that nobody looks for a lost order. more: what else can be done."""
        head, why = f"Not sent ({what})", "the time for all requests to this CA is used up"
        todo = "Run again, or give the run a longer deadline" + (f". {more}" if more else "")
        if is_submit:
            return TransportError(
                code=code, what=head, where=self.where, why=why, todo=todo, retry_at=retry_at, sent=False
            )
        return DeadlineError(code=code, what=head, where=self.where, why=why, todo=todo, retry_at=retry_at)

    def seconds(self, response: HttpResponse) -> float | None:
        """Retry-After, if it is said."""
        given, date = response.headers.get("retry-after"), response.headers.get("date")
        return retry_after_seconds(given, now=self.clock.now(), server_date=date)

    def retry_at(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self.clock.now() + timedelta(seconds=seconds)

    def words(self, response: HttpResponse, told: str) -> str:
        """The other side's words (told: code and message, as far as its body has them), without our secrets."""
        status = f"HTTP {response.status}"
        if 300 <= response.status < 400:
            told = told or f"it leads to {response.headers.get('location', 'nowhere')}; redirects are not followed"
        text = f"{told} ({status})" if told else f"{status}, {said_by(response)}"
        return escaped(mask(text, self._secrets), LONGEST_MESSAGE)
