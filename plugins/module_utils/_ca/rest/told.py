# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken out of an answer besides orders: error codes, patience, and what one step keeps for the next. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.exchange import LONGEST_MESSAGE
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Call, ErrorShape, Limits
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import Expression
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import parse_http_date, retry_after_seconds
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse

__all__ = ["error_of", "holds", "kept_of", "patience_of", "seconds_of"]

_LONGEST_KEPT = 4096
_LONGEST_WAIT = 7 * 86400.0
_NUMBER = re.compile(r"\d{1,13}(?:\.\d{1,9})?", re.ASCII)
#: A number of seconds above this one is an instant, counted from 1970 (it was 2001 then).
_INSTANT = 1e9


def holds(when: Expression | None, data: object) -> bool:
    return when is not None and bool(when.of(data))


def error_of(shape: ErrorShape, data: object) -> tuple[str, str]:
    """The seller's code and words, as far as its answer has them."""
    found = []
    for expression in (shape.code, shape.message):
        value = _quietly(expression, data)
        if isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False)[:LONGEST_MESSAGE]
        found.append(word_of(value) or "")
    return found[0][:200], found[1][:LONGEST_MESSAGE]


def _quietly(expression: Expression | None, data: object) -> t.Any:
    try:
        return expression.of(data) if expression is not None else None
    except ProtocolError:
        return None


def kept_of(step: Call, data: object, *, is_submit: bool) -> dict[str, t.Any]:
    """Texts and numbers only. One that is missing stops here: the next step could not be asked."""
    found = {}
    for name, expression in step.keep.items():
        value = expression.of(data)
        word = word_of(value)
        if word is None or len(word) > _LONGEST_KEPT:
            raise _nothing_kept(step, name, expression, is_submit=is_submit)
        found[name] = value
    return found


def _nothing_kept(step: Call, name: str, expression: Expression, *, is_submit: bool) -> InkanError:
    what = f"The seller's answer does not have what the next step needs ({step.name}: {step.verb} {step.path.text})"
    where = f"keep.{name} in the description"
    why = f"{expression.text!r} is no text and no number there"
    if is_submit:
        todo = "Nothing was ordered. Run again; if it stays, look at keep in the description"
        return TransportError(code="rest_nothing_kept", what=what, where=where, why=why, todo=todo, sent=False)
    todo = "Run again; if it stays, look at keep in the description"
    return ProtocolError(code="rest_nothing_kept", what=what, where=where, why=why, todo=todo, retryable=True)


def patience_of(limits: Limits, response: HttpResponse, data: object, now: datetime) -> float | None:
    """Seconds to wait, where an answer says so elsewhere than in Retry-After."""
    told = seconds_of(word_of(_quietly(limits.wait, data)), now, response.headers.get("date"))
    if told is not None or not limits.reset:
        return told
    return seconds_of(response.headers.get(limits.reset), now, response.headers.get("date"))


def seconds_of(text: str | None, now: datetime, server_date: str | None) -> float | None:
    """From now: a number of seconds, an instant (seconds since 1970, by the seller's own clock), or an HTTP date."""
    text = (text or "").strip()
    if not _NUMBER.fullmatch(text):
        return retry_after_seconds(text, now=now, server_date=server_date)
    number = float(text)
    if number > _INSTANT:
        there = parse_http_date((server_date or "").strip(), now=now) or now
        number -= there.timestamp()
    return min(max(number, 0.0), _LONGEST_WAIT)
