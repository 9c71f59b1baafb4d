# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description as the requests that would be sent for one certificate: nothing is sent, and no secret is asked for.

What only the seller can tell stands as a word in capitals: ORDER-ID, KEPT-cart.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import CALLS, Call, Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.request import Moment, Prepared, Requests
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.words import words_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import MASK

__all__ = ["CSR", "Shown", "body_of", "preview", "read_unasked", "text_of"]

_REFERENCE, _ORDER_ID, _SERIAL, _CERTIFICATE = "REFERENCE", "ORDER-ID", "SERIAL", "CERTIFICATE"
CSR = "CSR"
_NONCE = "NONCE"


@dataclass(frozen=True)
class Shown:
    """One request. step, steps: which of how many its call has. why: why it cannot be made for this certificate."""

    call: str
    step: int
    steps: int
    request: Prepared | None = None
    why: str = ""


def read_unasked(url: object, description: object) -> tuple[Settings | None, list[str]]:
    """Settings without an account's secrets: whatever the description uses is there, as stars."""
    account = AccountConfig("preview", "rest", {"url": url, "description": description}, {}, "/")
    settings, errors = parse_settings(account, with_secrets=False)
    return settings, errors


def preview(settings: Settings, request: OrderRequest, now: datetime) -> list[Shown]:
    """In the order of CALLS, a login first. now: what they would be signed with."""
    description, requests = settings.description, Requests(settings, is_shown=True)
    login = description.auth.login
    calls = [description.calls[name] for name in CALLS if name in description.calls]
    found = []
    for call in [*([login.call] if login is not None else []), *calls]:
        steps = (*call.before, call)
        words = _words(call, description, request)
        for number, step in enumerate(steps, 1):
            shown = _shown(requests, step, words, Moment(now, _NONCE), is_open=login is not None)
            found.append(Shown(call.name, number, len(steps), *shown))
    return found


def _shown(
    requests: Requests, step: Call, words: t.Mapping[str, t.Any] | InkanError, moment: Moment, *, is_open: bool
) -> tuple[Prepared | None, str]:
    if isinstance(words, InkanError):
        return None, words.sentence()
    try:
        return requests.make(step, words, moment, token=MASK if is_open else ""), ""
    except InkanError as failure:
        return None, failure.sentence()


def _words(call: Call, description: Description, request: OrderRequest) -> dict[str, t.Any] | InkanError:
    kept = {name: f"KEPT-{name}" for step in call.before for name in step.keep}
    if call.name == "revoke":
        reason = next(iter(description.reasons.values())) if description.reasons else "superseded"
        return {"serial": _SERIAL, "certificate": _CERTIFICATE, "reason": reason, "kept": kept}
    if call.name == "login":
        return {}
    try:
        words = words_of(description, request, must_know=call.name == "submit")
    except InputError as failure:
        return failure
    return {**words, "order_id": _ORDER_ID, "page": 1, "offset": 0, "cursor": None, "kept": kept}


def text_of(shown: t.Sequence[Shown]) -> str:
    """For people: request line, headers, body, and the text that was signed."""
    return "\n\n".join(_text_of(one) for one in shown) + "\n"


def _text_of(one: Shown) -> str:
    head = f"# {one.call}" + (f", step {one.step} of {one.steps}" if one.steps > 1 else "")
    if one.request is None:
        return f"{head}: cannot be sent\n# {one.why}"
    made = one.request
    lines = [head, f"{made.verb} {made.url}", *(f"{name}: {value}" for name, value in made.headers.items())]
    if made.body is not None:
        lines += ["", body_of(made)]
    if made.signed:
        lines += ["", "# signed is this text:", *(f"#   {line}" for line in made.signed.split("\n"))]
    return "\n".join(lines)


def body_of(made: Prepared) -> str:
    """JSON indented; what is sent is the same without the blanks."""
    text = (made.body or b"").decode("utf-8", "replace")
    if made.headers.get("Content-Type") != "application/json":
        return text
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
