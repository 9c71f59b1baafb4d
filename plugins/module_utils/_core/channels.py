# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels: who is told of what, and how. Read from O(channels) with everything that is wrong with them. Pure.

    name          word, unique
    service       smtp, webhook
    settings      of the service, nothing secret
    on            kinds of news (``_core/notices.KINDS``)
    certificates  patterns of names
    language      en, ja

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import SHORTEST_SECRET, escaped

SMTP, WEBHOOK = "smtp", "webhook"
SERVICES = (SMTP, WEBHOOK)
BODIES = ("generic", "slack", "teams")
#: by how the connection is kept from others' eyes; none: on loopback only
PORTS = {"implicit": 465, "starttls": 587, "none": 25}
_SETTINGS = {
    SMTP: ("host", "port", "tls", "user", "from", "to", "ca_bundle"),
    WEBHOOK: ("url", "body", "ca_bundle"),
}
_SECRETS = {SMTP: ("password",), WEBHOOK: ("url", "signing_key", "token")}
_MOST_RECIPIENTS = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,4096}")


@dataclass(frozen=True)
class Channel:
    """settings, secrets: checked, with every default filled in."""

    name: str
    service: str
    on: tuple[str, ...]
    certificates: tuple[str, ...]
    language: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def url(self) -> str:
        return self.secrets.get("url") or str(self.settings.get("url") or "")

    @property
    def where(self) -> str:
        """For people: the host, for the rest of a webhook's URL may be what lets anybody send to it."""
        if self.service == SMTP:
            return f"{self.settings['host']}:{self.settings['port']}"
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def hidden(self) -> tuple[str, ...]:
        """What must stand in no message, result or error."""
        url = urllib.parse.urlsplit(self.secrets.get("url", ""))
        parts = (url.path, url.query, *(one for one in url.path.split("/") if len(one) >= SHORTEST_SECRET))
        return tuple(one for one in (*self.secrets.values(), *parts) if len(one) >= SHORTEST_SECRET)


def read_channels(
    raw: t.Sequence[t.Mapping[str, t.Any]], secrets: t.Mapping[str, t.Any], errors: InputCollector
) -> list[Channel]:
    """raw: as the argument spec has checked it. What is wrong is added to ``errors``."""
    found: list[Channel] = []
    names: set[str] = set()
    for number, one in enumerate(raw, 1):
        where = f'channels, item {number} "{escaped(one["name"], 80)}"'
        own = secrets.get(one["name"]) or {}
        channel = _channel(one, own if isinstance(own, t.Mapping) else {"": own})
        reasons = list(_reasons(one, channel))
        if one["name"] in names:
            reasons.append("two channels have this name")
        names.add(one["name"])
        for why in reasons:
            todo = "Correct inkan_notifications"
            errors.add("bad_channel", what="Cannot read a channel", where=where, why=why, todo=todo)
        if not reasons:
            found.append(channel)
    for name in sorted(str(one) for one in set(secrets) - names):
        where, why = f'secrets "{escaped(name, 80)}"', "there is no channel of this name"
        errors.add("bad_channel", what="Cannot read a channel", where=where, why=why, todo="Correct the name")
    return found


def _channel(one: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any]) -> Channel:
    settings = dict(one.get("settings") or {})
    if one["service"] == SMTP:
        settings.setdefault("tls", "starttls")
        settings.setdefault("port", PORTS.get(str(settings["tls"]), 0))
        if isinstance(settings.get("to"), str):
            settings["to"] = [settings["to"]]
    else:
        settings.setdefault("body", "generic")
    return Channel(
        one["name"], one["service"], tuple(one["on"]), tuple(one["certificates"]), one["language"], settings, secrets
    )


def _reasons(one: t.Mapping[str, t.Any], channel: Channel) -> t.Iterator[str]:
    if not _NAME.fullmatch(channel.name):
        yield "name must be a word of letters, digits, dots, hyphens and underscores, 64 at most"
    known, known_secrets = _SETTINGS[channel.service], _SECRETS[channel.service]
    for key in sorted(str(key) for key in set(channel.settings) - set(known)):
        yield f"settings.{escaped(key, 60)} is unknown; there are {', '.join(known)}"
    for key in sorted(str(key) for key in set(channel.secrets) - set(known_secrets)):
        yield f"secrets.{escaped(key, 60)} is unknown; there are {', '.join(known_secrets)}"
    for key in known_secrets:
        value = channel.secrets.get(key, "x" * SHORTEST_SECRET)
        if not isinstance(value, str) or not value.isprintable() or len(value) < SHORTEST_SECRET:
            yield f"secrets.{key} must be one line of {SHORTEST_SECRET} characters or more"
    if not all(pattern and len(pattern) <= 200 for pattern in channel.certificates):
        yield "certificates must hold names, or patterns of them"
    bundle = channel.settings.get("ca_bundle")
    if bundle is not None and not (isinstance(bundle, str) and bundle.startswith("/")):
        yield "settings.ca_bundle must be an absolute path"
    yield from _smtp_reasons(channel) if channel.service == SMTP else _webhook_reasons(channel)


def _smtp_reasons(channel: Channel) -> t.Iterator[str]:
    settings = channel.settings
    host, port, user = settings.get("host"), settings.get("port"), settings.get("user")
    if not _is_word(host):
        yield "settings.host is needed, the name of the mail server"
    if settings["tls"] not in PORTS:
        yield f"settings.tls must be one of {', '.join(PORTS)}"
    elif settings["tls"] == "none" and not is_loopback(str(host)):
        yield "settings.tls may be none on loopback only"
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        yield "settings.port must be a number from 1 to 65535"
    if user is not None and not _is_word(user):
        yield "settings.user must be a text without blanks"
    if (user is None) != ("password" not in channel.secrets):
        yield "settings.user and secrets.password are given together, or neither"
    yield from _address_reasons("settings.from", settings.get("from"))
    recipients = settings.get("to")
    if not isinstance(recipients, list) or not 0 < len(recipients) <= _MOST_RECIPIENTS:
        yield f"settings.to must be a list of addresses, {_MOST_RECIPIENTS} at most"
        return
    for address in recipients:
        yield from _address_reasons("settings.to", address)
    if len(set(map(str, recipients))) != len(recipients):
        yield "settings.to has an address twice"


def _address_reasons(field_name: str, address: t.Any) -> t.Iterator[str]:
    if not isinstance(address, str):
        yield f"{field_name} is needed, a mail address"
        return
    why = address_error(address, ascii_only=True)
    if why:
        yield f"{field_name} {escaped(address, 80)!r}: {why}"


def _webhook_reasons(channel: Channel) -> t.Iterator[str]:
    if channel.settings["body"] not in BODIES:
        yield f"settings.body must be one of {', '.join(BODIES)}"
    if ("url" in channel.secrets) == ("url" in channel.settings):
        yield "the URL is needed, in secrets.url or (if it is none) in settings.url"
        return
    why = _url_reason(channel.url)
    if why:
        yield f"the URL cannot be used: {why}"


def _url_reason(url: t.Any) -> str | None:
    if not isinstance(url, str) or not _URL.fullmatch(url):
        return "it has characters that a URL cannot have"
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is none"
    if not host or port == 0 or "@" in parts.netloc:
        return "it names no host, or a user"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return "only https is spoken, except to loopback addresses"
    return None


def _is_word(value: t.Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 254 and value.isprintable() and " " not in value
