# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of PowerDNS (v1): settings judged, one call after the other, answers parsed into zones.

    settings  url, server_id, timeout, ca_bundle
    secrets   api_key

A whole zone is read at once: the question for one name leaves out records that are disabled (measured with 4.7), and
who then replaces the set deletes them.

This file is private to the collection.
"""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    LocalError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_name,
    canonical_value,
    quote_txt,
    unquote_txt,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

DEFAULT_SERVER_ID = "localhost"
DEFAULT_TIMEOUT = 10.0
#: a zone of some hundred thousand records
MAX_ANSWER = 64 * 1024 * 1024
#: octets of one PATCH: nginx before the server passes 1 MiB, the server itself takes 2 MB (webserver-max-bodysize)
MAX_REQUEST = 1_000_000
#: the first of each line that knows EXTEND and PRUNE
_EXTENDS_SINCE = ((4, 9, 12), (5, 0, 2))
_SETTINGS = ("url", "server_id", "timeout", "ca_bundle")
_SECRETS = ("api_key",)
#: kinds of zones that the server has from another one
_COPIES = ("slave", "secondary", "consumer")
_NOTIFYING = ("master", "primary", "producer")


# --- settings --------------------------------------------------------------------------------------------------------


def settings_errors(config: ServiceConfig) -> list[str]:
    """What is wrong, as sentences without any secret."""
    found = _unknown("setting", config.settings, _SETTINGS) + _unknown("secret", config.secrets, _SECRETS)
    found += _url_errors(config.settings.get("url"))
    server = str(config.settings.get("server_id", DEFAULT_SERVER_ID))
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", server):
        found.append(f'settings.server_id must be a plain word, such as "localhost"; {escaped(server, 80)!r} is none')
    timeout = config.settings.get("timeout", DEFAULT_TIMEOUT)
    if not _is_number(timeout, 0.05, 600):
        found.append(f"settings.timeout must be seconds from 0.05 to 600, {timeout!r} is none")
    key = config.secrets.get("api_key")
    if key is None:
        found.append("secrets.api_key is missing: what the server has as api-key")
    elif not re.fullmatch(r"[\x21-\x7e]+", key):
        found.append("secrets.api_key has characters that no HTTP header can carry (blanks, or none of ASCII)")
    return found


def settings_warnings(_config: ServiceConfig) -> list[str]:
    return []


def open_api(config: ServiceConfig) -> Api:
    """The settings have no errors."""
    bundle = config.settings.get("ca_bundle")
    http = DirectHttp(ca_bundle=str(bundle) if bundle else None, max_body=MAX_ANSWER)
    return Api(
        http,
        str(config.settings["url"]),
        str(config.settings.get("server_id") or DEFAULT_SERVER_ID),
        config.secrets["api_key"],
        float(config.settings.get("timeout") or DEFAULT_TIMEOUT),
        f'service "{config.name}"',
    )


def _unknown(what: str, given: t.Mapping[str, t.Any], known: t.Sequence[str]) -> list[str]:
    strange = sorted(str(one) for one in given if one not in known)
    return [f'there is no {what} "{escaped(one, 80)}", only {", ".join(known)}' for one in strange]


def _url_errors(url: t.Any) -> list[str]:
    example = "https://dns.example.jp:8081"
    if not isinstance(url, str) or not url:
        return [f"settings.url is missing: where the API is, such as {example}"]
    try:
        parts = urllib.parse.urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        return [f"settings.url must be of the form {example}, without user, query and fragment"]
    if "/api" in parts.path:
        return ["settings.url must end before /api: what follows is known"]
    if parts.scheme == "http" and not is_loopback(host):
        return ["settings.url must be https: the key goes with every call (http only to a loopback address)"]
    return []


def _is_number(value: t.Any, least: float, most: float) -> bool:
    try:
        return least <= float(str(value)) <= most
    except ValueError:
        return False


# --- what it holds ---------------------------------------------------------------------------------------------------


class Record(t.NamedTuple):
    """As the API shows it; a disabled one is kept, but not served."""

    content: str
    disabled: bool

    def as_data(self) -> dict[str, t.Any]:
        return {"content": self.content, "disabled": self.disabled}


class Held(t.NamedTuple):
    """One RRset of the API."""

    ttl: int
    records: tuple[Record, ...]

    def values(self, type: str) -> frozenset[str]:
        return frozenset(value_of(type, one.content) for one in self.records if not one.disabled)


class Zone(t.NamedTuple):
    name: str
    kind: str
    #: how the server moves the serial when the API has written; empty: it does not
    soa_edit_api: str
    sets: t.Mapping[Question, Held]

    @property
    def is_copy(self) -> bool:
        return self.kind in _COPIES

    @property
    def notifies(self) -> bool:
        return self.kind in _NOTIFYING

    def held(self, question: Question) -> Held | None:
        """None where nothing of it is served."""
        found = self.sets.get(question)
        return found if found is not None and any(not one.disabled for one in found.records) else None


def value_of(type: str, content: str) -> str:
    if type != "TXT":
        return canonical_value(type, content)
    try:
        return unquote_txt(content)
    except ValueError:
        return content


def content_of(type: str, value: str) -> str:
    """Presentation form, as the API wants it: TXT in quotes, names with their dot."""
    return quote_txt(value) if type == "TXT" else value + "." if type == "CNAME" else value


# --- calls -----------------------------------------------------------------------------------------------------------


class Api:
    """One server. Not safe for threads."""

    def __init__(self, http: HttpClient, url: str, server_id: str, key: str, timeout: float, where: str) -> None:
        self._http = http
        self._base = f"{url.rstrip('/')}/api/v1/servers/{server_id}"
        self._headers = {"X-API-Key": key, "Accept": "application/json", "Content-Type": "application/json"}
        self._timeout = timeout
        self.where = f"{where}, {escaped(url, 200)}"

    def extends(self) -> bool | None:
        """Whether the server knows EXTEND and PRUNE, as its version says; None where it does not tell."""
        try:
            answer = self._json(self._call("GET", "", None))
        except RefusedError:  # a proxy before it may allow the zones only
            return None
        version = answer.get("version") if isinstance(answer, dict) else None
        found = re.match(r"(\d+)\.(\d+)\.(\d+)", version) if isinstance(version, str) else None
        if found is None:
            return None
        number = tuple(map(int, found.groups()))
        return number >= _EXTENDS_SINCE[1] or _EXTENDS_SINCE[0] <= number < (5, 0, 0)

    def zone_names(self) -> frozenset[str] | None:
        """All zones of the server; None where it does not tell."""
        try:
            answer = self._json(self._call("GET", "/zones?dnssec=false", None))
        except RefusedError as refusal:
            if refusal.why.startswith("401"):
                raise
            return None
        found = [one.get("name") for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
        return frozenset(canonical_name(one) for one in found if isinstance(one, str))

    def zone(self, name: str) -> Zone:
        answer = self._json(self._call("GET", _path(name), None))
        try:
            return _zone(name, answer)
        except (KeyError, TypeError, ValueError, AttributeError) as failure:
            raise self._bad_answer(f"its zone {name} is not of the form that the API documents") from failure

    def patch(self, zone: str, rrsets: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        """One transaction: all or nothing."""
        self._call("PATCH", _path(zone), {"rrsets": list(rrsets)})

    def notify(self, zone: str) -> None:
        self._call("PUT", _path(zone) + "/notify", None)

    def _call(self, method: str, path: str, body: t.Any) -> HttpResponse:
        content = None if body is None else json.dumps(body).encode("ascii")
        try:
            answer = self._http.request(
                method, self._base + path, headers=self._headers, body=content, timeout=self._timeout
            )
        except TransportError as failure:
            raise self._unreached(failure) from failure
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)
        return answer

    def _json(self, answer: HttpResponse) -> t.Any:
        try:
            return load_json(answer.body.decode("utf-8"))
        except ValueError as failure:
            raise self._bad_answer("it is no JSON") from failure

    # --- what went wrong ---------------------------------------------------------------------------------------------

    def _unreached(self, failure: TransportError) -> InkanError:
        if failure.code == "http_too_large":
            return self._bad_answer(f"it has {failure.why}: such zones are too large for this service")
        return TransportError(
            code="dns_no_answer" if failure.sent else "dns_unreachable",
            what="The API of the DNS server did not answer" if failure.sent else "The API cannot be reached",
            where=self.where,
            why=failure.why or failure.what,
            todo=failure.todo or "Check that the server runs, its webserver-allow-from, and what stands before it",
            sent=failure.sent,
            retryable=failure.retryable,
        )

    def _bad_answer(self, why: str) -> ProtocolError:
        return ProtocolError(
            code="dns_bad_answer",
            what="The answer of the DNS server's API could not be used",
            where=self.where,
            why=why,
            todo="Check that settings.url is the API of PowerDNS (webserver and api are on), and what stands before it",
        )

    def _refusal(self, answer: HttpResponse) -> InkanError:
        said = f"{answer.status} {_words(answer)}".strip()
        code, why, todo = _STATUS.get(answer.status, ("dns_refused", "the server refused", "Look into its log"))
        if answer.status >= 500:
            code, why, todo = "dns_server_failure", "the server could not do it", "Look into its log"
        if answer.status == 422 and "pre-existing RRset" in said:
            code, why = "cname_conflict", "a CNAME can stand beside nothing else"
            todo = "Remove what is there, or publish at the target of the CNAME"
        return RefusedError(
            code=code,
            what="The DNS server's API refused",
            where=self.where,
            why=f"{said}: {why}",
            todo=todo,
            retryable=code == "dns_server_failure",
        )


_STATUS = {
    401: ("dns_refused", "it does not take the key", "Compare the secret api_key with api-key of the server"),
    403: ("dns_refused", "it does not allow that", "Look at webserver-allow-from, and at the proxy before the server"),
    404: ("zone_not_found", "there is no such zone, or no such server_id", "Correct the zones of the service"),
    422: ("dns_refused", "it cannot store that", "Correct the record"),
}


def is_unknown_changetype(error: InkanError) -> bool:
    return "Changetype not understood" in error.why


def may_have_happened(error: InkanError) -> bool:
    """Only a look can tell whether the write took effect."""
    lost = isinstance(error, TransportError) and error.sent
    return lost or error.code in ("dns_bad_answer", "dns_server_failure")


def unreachable(error: InkanError) -> bool:
    """What befell the server as a whole: it is not asked again for each zone."""
    return isinstance(error, (TransportError, LocalError)) or error.why.startswith("401")


def _words(answer: HttpResponse) -> str:
    text = answer.body[:2000].decode("utf-8", "replace")
    try:
        told = load_json(text)
        text = str(told["error"]) if isinstance(told, dict) and "error" in told else text
    except ValueError:
        pass
    return escaped(text.strip(), 300)


def _path(zone: str) -> str:
    """Zone ids (HTTP API, zones): the name with its dot, other characters as =XX."""
    plain = re.sub(r"[^A-Za-z0-9._-]", lambda match: f"={ord(match.group()):02X}", zone)
    return f"/zones/{plain}."


def _zone(name: str, answer: t.Any) -> Zone:
    if canonical_name(answer["name"]) != name:
        raise ValueError("another zone")
    sets = {
        Question(canonical_name(one["name"]), str(one["type"])): Held(
            int(one["ttl"]), tuple(Record(str(row["content"]), row.get("disabled") is True) for row in one["records"])
        )
        for one in answer["rrsets"]
    }
    return Zone(name, str(answer["kind"]).lower(), str(answer.get("soa_edit_api") or ""), sets)
