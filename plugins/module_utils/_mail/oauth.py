# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens for IMAP without a person (awx-and-mail 3.4).

    settings: {…, oauth2: {service: microsoft365, tenant: …, client_id: …}}     secrets: {client_secret: …}
    settings: {…, oauth2: {service: google, client_email: …}}                    secrets: {private_key: …}

Microsoft 365 takes the client credentials of an application with IMAP.AccessAsApp (RFC 6749 §4.4), Google a statement
that a service account with domain-wide delegation signs for the mailbox (RFC 7523). A token lives for one run, and is
kept nowhere.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import json
import re
import typing as t
import urllib.parse
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    ProtocolError,
    RefusedError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig

__all__ = ["Signer", "oauth_errors", "secret_of", "with_token"]

#: from a PEM key and a message to its signature (RS256)
Signer = t.Callable[[str, bytes], bytes]
_KEYS = {
    "microsoft365": ("tenant", "client_id"),
    "google": ("client_email",),
}
_MORE = ("service", "token_url", "scope")
_SECRETS = {"microsoft365": "client_secret", "google": "private_key"}
_URLS = {
    "microsoft365": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
    "google": "https://oauth2.googleapis.com/token",
}
_SCOPES = {"microsoft365": "https://outlook.office365.com/.default", "google": "https://mail.google.com/"}
_WORD = re.compile(r"[!-~]{1,300}")
_TENANT = re.compile(r"[A-Za-z0-9.-]{1,200}")
_TOKEN = re.compile(r"[!-~]{1,16000}")
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 600


def oauth_errors(settings: t.Any) -> list[str]:
    if not isinstance(settings, dict) or settings.get("service") not in tuple(_KEYS):
        return [f"settings.oauth2 needs service, one of {', '.join(_KEYS)}"]
    needed = _KEYS[settings["service"]]
    known = (*needed, *_MORE)
    errors = [f"settings.oauth2.{key} is unknown; there are {', '.join(known)}" for key in settings if key not in known]
    for key in (*needed, *(one for one in ("token_url", "scope") if one in settings)):
        if not isinstance(settings.get(key), str) or not _WORD.fullmatch(settings[key]):
            errors.append(f"settings.oauth2.{key} is needed, a text without blanks")
    if isinstance(settings.get("tenant"), str) and not _TENANT.fullmatch(settings["tenant"]):
        errors.append("settings.oauth2.tenant must be the directory's id or domain")
    if not str(settings.get("token_url", "https://")).startswith("https://"):
        errors.append("settings.oauth2.token_url must be https")
    return errors


def secret_of(settings: t.Mapping[str, t.Any]) -> str:
    """The name of the one secret that it needs."""
    return _SECRETS.get(str(settings.get("service")), "")


def with_token(
    config: MailboxConfig, http: HttpClient, clock: Clock, signer: Signer | None, seconds: float
) -> MailboxConfig:
    """The same mailbox with an access token; one without oauth2 as it is."""
    settings = config.settings.get("oauth2")
    if settings is None:
        return config
    service = settings["service"]
    url = settings.get("token_url") or _URLS[service].format(tenant=settings.get("tenant", ""))
    fields = _credentials(config, settings) if service == "microsoft365" else _statement(config, url, clock, signer)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    body = urllib.parse.urlencode(fields).encode("ascii")
    if seconds <= 0:
        raise DeadlineError(code="mailbox_deadline", what="The mailbox was not read in time", where=config.name)
    answer = http.request("POST", url, headers=headers, body=body, timeout=seconds)
    token = _token(answer.status, answer.body, config, urllib.parse.urlsplit(url).hostname or "")
    rest = {key: value for key, value in config.settings.items() if key != "oauth2"}
    return replace(config, settings=rest, secrets={"access_token": token})


def _credentials(config: MailboxConfig, settings: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": settings["client_id"],
        "client_secret": config.secrets["client_secret"],
        "scope": settings.get("scope") or _SCOPES["microsoft365"],
    }


def _statement(config: MailboxConfig, url: str, clock: Clock, signer: Signer | None) -> dict[str, str]:
    settings = config.settings["oauth2"]
    if signer is None:
        raise RefusedError(code="mailbox_token_refused", what="Cannot sign for a token", where=config.name)
    now = int(clock.now().timestamp())
    claims = {
        "iss": settings["client_email"],
        "sub": config.settings["user"],
        "scope": settings.get("scope") or _SCOPES["google"],
        "aud": url,
        "iat": now,
        "exp": now + _LIFE,
    }
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = _base64(signer(config.secrets["private_key"], signed.encode("ascii")))
    return {"grant_type": _GRANT, "assertion": f"{signed}.{signature}"}


def _part(data: t.Mapping[str, t.Any]) -> str:
    return _base64(json.dumps(data, separators=(",", ":")).encode("utf-8"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _token(status: int, body: bytes, config: MailboxConfig, host: str) -> str:
    try:
        said = load_json(body.decode("utf-8"))
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise _error(ProtocolError, "mailbox_token_malformed", config, host, f"status {status}, and no JSON")
    token = said.get("access_token")
    if status == 200 and isinstance(token, str) and _TOKEN.fullmatch(token):
        return token
    words = f"{said.get('error', f'status {status}')}: {said.get('error_description', '')}"
    why = mask(escaped(words, 500), config.secrets.values())
    raise _error(RefusedError, "mailbox_token_refused", config, host, why)


def _error(kind: type[InkanError], code: str, config: MailboxConfig, host: str, why: str) -> InkanError:
    return kind(
        code=code,
        what="Cannot get an access token for the mailbox",
        where=f'mailbox "{config.name}", {host}',
        why=why,
        todo="Correct settings.oauth2 and its secret; see whether the application may read this mailbox",
    )
