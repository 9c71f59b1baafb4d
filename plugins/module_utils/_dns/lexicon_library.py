# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the PyPI package dns-lexicon, and what is done about its habits (dns-providers 5.1).

    it reads environment and files where it is left to       the configuration is one dictionary, nothing else
    it guesses the zone by a list that it downloads           the zone is the declared one (``_ForcedZone``)
    its drivers wait for ever, some would not verify TLS      every request of theirs has a limit and is verified, or
                                                              is not sent (``_guarded``)
    whatever goes wrong is any exception                      told as errors of this collection, without secrets

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import traceback
import types
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    LocalError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

LEXICON_ERROR: str | None = None
try:
    import lexicon.client
    import lexicon.config
    import lexicon.exceptions
    import requests
    import requests.adapters
except ImportError:
    LEXICON_ERROR = traceback.format_exc()

__all__ = ["LEXICON_ERROR", "Driver", "Row", "missing_library", "open_driver"]


class Row(t.NamedTuple):
    """A record as a driver lists it; name as the driver writes it; content likewise."""

    type: str
    name: str
    content: str
    ttl: int | None
    id: str | None


class Driver(t.Protocol):
    """One zone of one account. Raises InkanError only."""

    def rows(self, type: str, name: str | None) -> list[Row]: ...

    def create(self, type: str, name: str, content: str) -> None: ...

    def delete(self, row: Row) -> None: ...


def missing_library() -> LocalError:
    return LocalError(
        code="library_missing",
        what="The DNS service lexicon needs a Python package that is not there",
        where="the Python that runs the module",
        why="dns-lexicon cannot be imported",
        todo="pip install dns-lexicon (Python 3.10 or later), with the extras that its driver needs",
    )


class _ForcedZone:
    """Stands where the library looks up what is a public suffix: the zone is what was declared."""

    def __init__(self, zone: str) -> None:
        domain, _dot, suffix = zone.rpartition(".")
        self._parts = types.SimpleNamespace(domain=domain, suffix=suffix)

    def TLDExtract(self, **_options: t.Any) -> t.Callable[[str], types.SimpleNamespace]:
        return lambda _domain: self._parts


class _Refused(Exception):
    """A request that a driver may not send."""


@contextlib.contextmanager
def _guarded(timeout: float) -> t.Iterator[None]:
    """Of all that the drivers send by requests; they know no other way."""
    adapter = requests.adapters.HTTPAdapter
    send = adapter.send

    def bounded(self: t.Any, request: t.Any, *args: t.Any, **options: t.Any) -> t.Any:
        parts = urllib.parse.urlsplit(request.url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise _Refused(f"it would speak {escaped(parts.scheme, 20)} to {escaped(parts.hostname or '', 100)}")
        if options.get("verify") is False:
            raise _Refused("it would not verify the certificate of the server")
        return send(self, request, *args, **{**options, "timeout": options.get("timeout") or timeout})

    adapter.send = bounded  # type: ignore[method-assign]
    try:
        yield
    finally:
        adapter.send = send  # type: ignore[method-assign]


@contextlib.contextmanager
def _zone_forced(zone: str) -> t.Iterator[None]:
    module: t.Any = lexicon.client
    extract = module.tldextract
    module.tldextract = _ForcedZone(zone)
    try:
        yield
    finally:
        module.tldextract = extract


class _Opened:
    def __init__(self, operations: t.Any, calls: _Calls) -> None:
        self._operations, self._calls = operations, calls

    def rows(self, type: str, name: str | None) -> list[Row]:
        with self._calls.told(f"list {type} records", sent=False):
            found = self._operations.list_records(type, name)
            return [_row(one) for one in found]

    def create(self, type: str, name: str, content: str) -> None:
        with self._calls.told(f"publish {type} {name}", sent=True):
            self._operations.create_record(type, name, content)

    def delete(self, row: Row) -> None:
        """By content: what some drivers give as id cannot hold every content."""
        with self._calls.told(f"remove {row.type} {row.name}", sent=True):
            self._operations.delete_record(None, row.type, row.name, row.content)


def _row(raw: t.Mapping[str, t.Any]) -> Row:
    ttl, identity = raw.get("ttl"), raw.get("id")
    return Row(
        type=str(raw["type"]),
        name=str(raw["name"]),
        content=str(raw["content"]),
        ttl=int(ttl) if ttl is not None else None,
        id=str(identity) if identity is not None else None,
    )


def open_driver(
    driver: str,
    zone: str,
    options: t.Mapping[str, t.Any],
    secrets: t.Mapping[str, str],
    ttl: int,
    timeout: float,
    where: str,
) -> Driver:
    """Logs in, and finds the zone. A fresh one sees what is there now: some drivers remember what they once read."""
    calls = _Calls(where, secrets, timeout)
    account = {"provider_name": driver, "domain": zone, "ttl": ttl, driver: {**options, **secrets}}
    with calls.told("log in, or find the zone", sent=False):
        with _zone_forced(zone):
            client = lexicon.client.Client(_configuration(account))
        operations = client.__enter__()
        found = str(operations.provider.domain)
        if found != zone:
            raise _Refused(f"it would work on {escaped(found, 100)}, not on {zone}")
    return _Opened(operations, calls)


def _configuration(account: t.Mapping[str, t.Any]) -> t.Any:
    resolver: t.Any = lexicon.config.ConfigResolver
    return resolver().with_dict(account)


class _Calls:
    """How the library's exceptions are told."""

    def __init__(self, where: str, secrets: t.Mapping[str, str], timeout: float) -> None:
        self._where, self._secrets, self._timeout = where, tuple(secrets.values()), timeout

    @contextlib.contextmanager
    def told(self, what: str, sent: bool) -> t.Iterator[None]:
        try:
            with _guarded(self._timeout):
                yield
        except InkanError:
            raise
        except Exception as error:  # noqa: BLE001 - drivers raise whatever they like
            raise self._error(what, error, sent) from None

    def _error(self, what: str, error: Exception, sent: bool) -> InkanError:
        words: dict[str, t.Any] = {"what": f"Cannot {what}", "where": self._where, "why": self._clean(error)}
        if isinstance(error, _Refused):
            return RefusedError(code="dns_refused", todo="This driver is not safe here: use another service", **words)
        if isinstance(error, lexicon.exceptions.ProviderNotAvailableError):
            todo = "Install the extra of dns-lexicon that this driver needs, or correct settings.driver"
            return LocalError(code="library_missing", todo=todo, **words)
        if isinstance(error, lexicon.exceptions.AuthenticationError):
            todo = "Correct the secrets of the service, and its zones: drivers tell both in the same way"
            return RefusedError(code="dns_refused", todo=todo, **words)
        if isinstance(error, requests.HTTPError):
            return self._status_error(words, error)
        if isinstance(error, requests.RequestException):
            code = "dns_unreachable" if isinstance(error, requests.ConnectTimeout) or not sent else "dns_no_answer"
            return TransportError(code=code, todo="Run again", sent=sent, **words)
        return ProtocolError(code="dns_bad_answer", todo="Try the driver by dns-lexicon's own command", **words)

    def _status_error(self, words: dict[str, t.Any], error: requests.HTTPError) -> InkanError:
        status = error.response.status_code if error.response is not None else 0
        if status == 429 or status >= 500:
            return RefusedError(code="dns_server_failure", todo="Run again later", retryable=True, **words)
        if status == 404:
            return RefusedError(code="zone_not_found", todo="Correct the zones of the service", **words)
        return RefusedError(code="dns_refused", todo="Correct the secrets of the service and their rights", **words)

    def _clean(self, error: Exception) -> str:
        words = f"{type(error).__name__}: {error}"
        for secret in self._secrets:
            words = words.replace(secret, "***").replace(urllib.parse.quote(secret, safe=""), "***")
        return escaped(words, 300)
