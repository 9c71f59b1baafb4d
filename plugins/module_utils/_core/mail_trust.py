# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user's own mail server found out about a sender (Authentication-Results, RFC 8601), and nobody else's word.

Of all such headers only those count that name the user's server and stand above the first Received of another one:
whatever lies below came with the mail. Where several count, one ``fail`` outweighs any ``pass``. Microsoft 365 leaves
the server's name out: there the topmost header counts, and no other (awx-and-mail 3.2, point 4).

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

__all__ = ["Border", "authentication_error"]

_MOST = 8000
_COMMENT = re.compile(r"\([^()\\]*(?:\\.[^()\\]*)*\)")
_BY = re.compile(r"(?:^|\s)by\s+([A-Za-z0-9.-]+)", re.IGNORECASE)
_RESULT = re.compile(r"^([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9-]+)\s*=\s*(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Border:
    """The user's mail server. authserv_id: as it calls itself; servers: names in Received of ours; microsoft: it does
    not call itself."""

    authserv_id: str = ""
    servers: tuple[str, ...] = ()
    microsoft: bool = False

    @property
    def is_known(self) -> bool:
        return self.microsoft or bool(self.authserv_id)


class Result(t.NamedTuple):
    method: str
    result: str
    properties: dict[str, str]


def authentication_error(
    headers: t.Sequence[tuple[str, str]], border: Border, sender: str, signed_by: t.Collection[str] = ()
) -> tuple[str, str] | None:
    """Code and why the sender is not proven, or None. headers: Received and Authentication-Results, the topmost first.

    Proof is DMARC pass for the domain of From, or DKIM pass with this very domain as ``d=``, or one that the row
    of the sender names.
    """
    if not border.is_known:
        return "authentication_unset", "the mailbox has no authserv_id, so that nobody's word about senders is trusted"
    results = _trusted(headers, border)
    if results is None:
        return "authentication_missing", "our mail server has written no result about it"
    domain = sender.rpartition("@")[2].lower()
    dmarc = [one for one in results if one.method == "dmarc"]
    failed = [one for one in dmarc if one.result in ("fail", "permerror", "temperror")]
    if failed:
        return "authentication_failed", f"our mail server says dmarc={failed[0].result}"
    passed = [one for one in dmarc if one.result == "pass"]
    if passed:
        about = {one.properties.get("header.from", domain).lower() for one in passed}
        if about <= {domain}:
            return None
        return "authentication_other_domain", f"what passed DMARC is {', '.join(sorted(about))}, not {domain}"
    return _dkim_error(results, domain, signed_by)


def _dkim_error(results: t.Sequence[Result], domain: str, signed_by: t.Collection[str]) -> tuple[str, str] | None:
    dkim = [one for one in results if one.method == "dkim"]
    signers = {_signer(one) for one in dkim if one.result == "pass"} - {""}
    if any(signer == domain or signer in signed_by for signer in signers):  # relaxed alignment needs a list of suffixes
        return None
    if signers:
        return "authentication_other_domain", f"it is signed by {', '.join(sorted(signers))}, not by {domain}"
    if any(one.result == "fail" for one in dkim):
        return "authentication_failed", "our mail server says dkim=fail"
    return "authentication_none", "neither DMARC nor DKIM has passed"


def _signer(result: Result) -> str:
    found = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return found.lower().rstrip(".")


def _trusted(headers: t.Sequence[tuple[str, str]], border: Border) -> list[Result] | None:
    """None: there is no word of ours."""
    if border.microsoft:
        first = next((value for name, value in headers if name.lower() == "authentication-results"), None)
        return None if first is None else _read(first)[1]
    ours = {border.authserv_id.lower(), *(server.lower() for server in border.servers)}
    found: list[Result] | None = None
    for name, value in headers:
        if name.lower() == "received":
            if _by(value) not in ours:
                break
            continue
        authserv_id, results = _read(value)
        if authserv_id == border.authserv_id.lower():
            found = [*(found or []), *results]
    return found


def _by(received: str) -> str:
    found = _BY.search(_plain(received))
    return found[1].lower() if found else ""


def _plain(value: str) -> str:
    """Without comments, however deep; one that does not end spoils nothing but itself."""
    value = value[:_MOST]
    for _depth in range(20):
        shorter = _COMMENT.sub(" ", value)
        if shorter == value:
            break
        value = shorter
    return value


def _read(value: str) -> tuple[str, list[Result]]:
    """The name of the server, "" where there is none, and what it says."""
    parts = [part.strip() for part in _plain(value).split(";")]
    head = parts[0].split()
    authserv_id = head[0].strip('"').lower() if head and "=" not in parts[0] else ""
    results = []
    for part in parts[1:] if authserv_id else parts:
        found = _RESULT.match(part)
        if found:
            properties = {key.lower(): text.strip('"') for key, text in _PROPERTY.findall(found[3])}
            results.append(Result(found[1].lower(), found[2].lower(), properties))
    return authserv_id, results
