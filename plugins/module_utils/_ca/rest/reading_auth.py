# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts ``auth`` and ``limits`` of a description: how the seller knows us, and how often it wants to be asked.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import (
    ALGORITHMS,
    ENCODINGS,
    KEY_ENCODINGS,
    TIMES,
    Auth,
    Hmac,
    Limits,
    Login,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading_calls import Templates, read_one
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import Part, Reader, Table, shown
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import FIXED, Template
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["AUTH_KEYS", "CLIENT_SECRETS", "HMAC_KEYS", "LIMITS_KEYS", "LOGIN_KEYS", "read_auth", "read_limits"]

AUTH_KEYS = ("basic", "bearer", "query", "hmac", "login", "client_certificate")
HMAC_KEYS = ("algorithm", "key", "key_encoding", "text", "encoding", "timestamp", "headers")
LOGIN_KEYS = ("request", "headers", "body", "form", "expect", "token", "expires_in", "lifetime")
LIMITS_KEYS = ("budget", "remaining", "reset", "wait")
#: Secrets of an account that has to show a client certificate; the password only if the key is encrypted.
CLIENT_SECRETS = ("client_certificate", "client_key", "client_key_password")

_HINTS = {
    "header": "A header stands in headers, as in: headers: {Authorization: ApiKey {secrets.api_key}}",
    "headers": "Headers stand at the top, beside auth",
    "mtls": 'Did you mean "client_certificate"?',
    "oauth2": 'Did you mean "login"?',
    "token": 'Did you mean "bearer" or "login"?',
    "user": "Write basic: {secrets.user}:{secrets.password}",
    "api_key": "Write headers, or query: {key: {secrets.api_key}}",
}
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_LONGEST_LIFE = 30 * 86400.0
_MOST_REQUESTS, _LONGEST_WINDOW, _MOST_ROWS = 100_000, 86400.0, 10


def read_auth(top: Table, templates: Templates, reader: Reader) -> Auth:
    """basic_auth at the top is another way to write auth.basic."""
    table = reader.table(top.get("auth"), AUTH_KEYS, _HINTS)
    if "basic" in table and "basic_auth" in top:
        reader.wrong(table["basic"], "basic_auth at the top says the same: leave one of them out")
    auth = Auth(
        login=_login(table.get("login"), templates, reader),
        basic=_basic(table.get("basic") or top.get("basic_auth"), templates, reader),
        bearer=_text(table.get("bearer"), "headers", templates, reader),
        query=_query(table.get("query"), templates, reader),
        hmac=_hmac(table.get("hmac"), templates, reader),
        has_client_certificate=reader.flag(table.get("client_certificate")),
    )
    if auth.has_client_certificate:
        for name in CLIENT_SECRETS[:2]:
            templates.secrets.setdefault(name, table["client_certificate"])
    if auth.basic is not None and auth.bearer is not None:
        reader.wrong(table["bearer"], "basic and bearer exclude each other: both are the header Authorization")
    if auth.login is None and any("token" in words for words in templates.used.values()):
        reader.wrong(top["auth"] if "auth" in top else top["headers"], "{token} is what login gives; login is missing")
    return auth


def _text(part: Part | None, scope: str, templates: Templates, reader: Reader) -> Template | None:
    if part is None or reader.text(part) is None:
        return None
    return templates.template(part, scope)


def _basic(part: Part | None, templates: Templates, reader: Reader) -> Template | None:
    template = _text(part, "headers", templates, reader)
    if part is not None and template is not None and ":" not in template.fixed:
        reader.wrong(part, "it has no colon: write {secrets.user}:{secrets.password}")
    return template


def _query(part: Part | None, templates: Templates, reader: Reader) -> tuple[tuple[str, Template], ...]:
    found = []
    for name, given in reader.table(part).items():
        if not FIXED.fullmatch(name) or not name:
            reader.wrong(given, f"{escaped(name, 80)!r} is no name of a parameter: percent-encode it")
        template = _text(given, "headers", templates, reader)
        if template is not None:
            found.append((name, template))
    return tuple(found)


def _needed(table: Table, names: t.Sequence[str], part: Part, reader: Reader) -> bool:
    missing = [name for name in names if name not in table]
    if missing:
        reader.wrong(part, f"{', '.join(missing)} is missing")
    return not missing


def _choice(part: Part | None, default: str, known: t.Sequence[str], reader: Reader) -> str:
    if part is None:
        return default
    word = str(part.value).lower() if isinstance(part.value, str) else ""
    if word in known:
        return word
    reader.wrong(part, f"{shown(part)} is not possible here. {nearest(word, known)}")
    return default


def _hmac(part: Part | None, templates: Templates, reader: Reader) -> Hmac | None:
    table = reader.table(part, HMAC_KEYS)
    if part is None or not _needed(table, ("algorithm", "key", "text", "headers"), part, reader):
        return None
    key = _text(table["key"], "headers", templates, reader)
    text = _text(table["text"], "signed", templates, reader)
    headers = templates.headers(table["headers"], "signature")
    if "signature" not in templates.used.get("signature", ()):
        reader.wrong(table["headers"], "no header has {signature}: nothing would be signed")
    if key is None or text is None:
        return None
    return Hmac(
        algorithm=_choice(table["algorithm"], "sha256", ALGORITHMS, reader),
        key=key,
        text=text,
        headers=headers,
        key_encoding=_choice(table.get("key_encoding"), "text", KEY_ENCODINGS, reader),
        encoding=_choice(table.get("encoding"), "hex", ENCODINGS, reader),
        timestamp=_choice(table.get("timestamp"), "seconds", TIMES, reader),
    )


def _login(part: Part | None, templates: Templates, reader: Reader) -> Login | None:
    templates.kept = set()
    table = reader.table(part, LOGIN_KEYS)
    if part is None or not _needed(table, ("request", "token"), part, reader):
        return None
    request = part._replace(value={key: one for key, one in table.items() if key in LOGIN_KEYS[:5]})
    call = read_one("login", request, templates, reader, LOGIN_KEYS[:5])
    token = templates.expression(table["token"])
    lifetime = reader.number(table.get("lifetime"), 1, _LONGEST_LIFE)
    if call is None or token is None:
        return None
    expires_in = templates.expression(table.get("expires_in"))
    return Login(call=call, token=token, expires_in=expires_in, lifetime=lifetime if lifetime else 300.0)


def read_limits(part: Part | None, templates: Templates, reader: Reader) -> Limits:
    table = reader.table(part, LIMITS_KEYS, {"requests": "Write budget: [{requests: 5, seconds: 1}]"})
    limits = Limits(
        budget=_budget(table.get("budget"), reader),
        remaining=_header_name(table.get("remaining"), reader),
        reset=_header_name(table.get("reset"), reader),
        wait=templates.expression(table.get("wait")),
    )
    if limits.remaining and not limits.reset:
        reader.wrong(table["remaining"], "reset is missing: the header that says when requests are possible again")
    return limits


def _budget(part: Part | None, reader: Reader) -> tuple[Limit, ...]:
    if part is None:
        return ()
    if not isinstance(part.value, list) or len(part.value) > _MOST_ROWS:
        reader.wrong(part, f"{shown(part)} stands where a list is needed, as in: [{{requests: 5, seconds: 1}}]")
        return ()
    found = []
    for row in part.value:
        table = reader.table(row, ("requests", "seconds"))
        if not _needed(table, ("requests", "seconds"), row, reader):
            continue
        requests = reader.number(table["requests"], 1, _MOST_REQUESTS)
        seconds = reader.number(table["seconds"], 0.01, _LONGEST_WINDOW)
        if requests is not None and seconds is not None:
            found.append(Limit(int(requests), seconds))
    return tuple(found)


def _header_name(part: Part | None, reader: Reader) -> str:
    text = reader.text(part)
    if part is None or text is None:
        return ""
    if not _HEADER_NAME.fullmatch(text):
        reader.wrong(part, f"{shown(part)} is no name of a header")
    return text.lower()
