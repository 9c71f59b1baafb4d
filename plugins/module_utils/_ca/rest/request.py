# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of a description as the request that is sent: filled in, made known to the seller, signed.

The same code makes what is sent and what a dry run shows; there the secrets are stars from the start.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import json
import typing as t
import urllib.parse
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Auth, Call, Hmac
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.signing import sent_words, signature, timestamp
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import (
    Template,
    render_header,
    render_path,
    render_query,
    render_tree,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import MASK, escaped

__all__ = ["Moment", "Prepared", "Requests", "secrets_of"]

#: A body that is sent is a CSR and some words; a hundred names make a few kilobytes.
_LARGEST_BODY = 256 * 1024


class Moment(t.NamedTuple):
    """What makes one request another than the next: the time that it is signed with, and its nonce."""

    now: datetime
    nonce: str


@dataclass(frozen=True)
class Prepared:
    """path: for messages, without secrets. signed: the text that its signature is of, "" where it has none."""

    verb: str
    url: str
    path: str
    headers: t.Mapping[str, str]
    body: bytes | None = None
    signed: str = ""


class Requests:
    """is_shown: secrets are stars, and so is what is made of them."""

    def __init__(self, settings: Settings, *, is_shown: bool = False) -> None:
        described = settings.description
        self._settings = settings
        self._secrets = dict.fromkeys(described.secrets, MASK) if is_shown else dict(settings.secrets)
        self._is_shown = is_shown

    def make(
        self, call: Call, words: t.Mapping[str, t.Any], moment: Moment, *, token: str = "", target: str = ""
    ) -> Prepared:
        """target: path and query of a further page of a list, in place of the call's own; judged by the caller."""
        known = {"secrets": self._secrets, "token": token or None}
        words = {**words, **known}
        path = render_path(call.path, words)
        url = self._settings.url + path + render_query(call.query, words)
        if target:
            url = urllib.parse.urljoin(self._settings.url + "/", target)
        url = self._with_query(url, self._settings.description.auth, known)
        headers, body = self._headers(call, words), None
        if call.body is not None or call.form is not None:
            kind, body = _body(call, words)
            headers = {"Content-Type": kind, **headers}
        signed, more = self._signed(call.verb, url, body, known, moment)
        return Prepared(call.verb, url, path, {**headers, **more}, body, signed)

    def _with_query(self, url: str, auth: Auth, known: t.Mapping[str, t.Any]) -> str:
        """A further page's address has our parameters already where the seller repeats them."""
        there = {name for name, _value in urllib.parse.parse_qsl(url.partition("?")[2], keep_blank_values=True)}
        missing = [(name, template) for name, template in auth.query if urllib.parse.unquote(name) not in there]
        more = render_query(missing, known)
        return url + (more.replace("?", "&", 1) if "?" in url else more)

    def _headers(self, call: Call, words: t.Mapping[str, t.Any]) -> dict[str, str]:
        """The call's own headers win over those of all calls, whatever letters they are written in."""
        described = self._settings.description
        auth, found = described.auth, {"accept": ("Accept", "application/json")}
        if auth.basic is not None:
            pair = auth.basic.filled(words, str).encode("utf-8", "replace")
            shown = MASK if self._is_shown else base64.b64encode(pair).decode("ascii")
            found["authorization"] = ("Authorization", f"Basic {shown}")
        if auth.bearer is not None and _can_send(call, auth.bearer):
            found["authorization"] = ("Authorization", "Bearer " + render_header("Authorization", auth.bearer, words))
        for name, template in [*described.headers.items(), *call.headers.items()]:
            if _can_send(call, template):
                found[name.lower()] = (name, render_header(name, template, words))
        return dict(found.values())

    def _signed(
        self, verb: str, url: str, body: bytes | None, known: t.Mapping[str, t.Any], moment: Moment
    ) -> tuple[str, dict[str, str]]:
        hmac = self._settings.description.auth.hmac
        if hmac is None:
            return "", {}
        when = timestamp(moment.now, hmac.timestamp)
        words = {**known, **sent_words(verb, url, body), "timestamp": when, "nonce": moment.nonce}
        text = hmac.text.filled(words, str)
        words["signature"] = self._signature(hmac, text, words)
        return text, {name: render_header(name, template, words) for name, template in hmac.headers.items()}

    def _signature(self, hmac: Hmac, text: str, words: t.Mapping[str, t.Any]) -> str:
        if self._is_shown:
            return f"({hmac.algorithm} of the text below)"
        key = hmac.key.filled(words, str)
        return signature(text, key, algorithm=hmac.algorithm, key_encoding=hmac.key_encoding, encoding=hmac.encoding)


def secrets_of(settings: Settings) -> list[str]:
    """What no message may repeat; user and password together, too, for their base64 is another than that of each."""
    pair, key = settings.description.auth.basic, settings.description.auth.hmac
    made = [template for template in (pair, key.key if key is not None else None) if template is not None]
    words = {"secrets": settings.secrets, "token": ""}
    return [*settings.secrets.values(), *(template.filled(words, str) for template in made)]


def _can_send(call: Call, template: Template) -> bool:
    """Whoever logs in has no token yet."""
    roots = {root for expression in template.expressions for root, _next in expression.roots}
    return call.name != "login" or "token" not in roots


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
