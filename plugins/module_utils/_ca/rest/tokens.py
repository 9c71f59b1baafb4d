# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and records that a seller wants to see: taken only where they prove control of a name that was ordered.

A seller's answer decides what is put into DNS and onto web servers, so it is the one place where a stolen reseller
account could do harm elsewhere. Hence: files only in the two folders of validation (``_core/file_token``), served by a
name of the order; records only below a name of the order or above it, and never where another service has its own.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import MAX_CONTENT, path_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["wanted_files", "wanted_records"]

_MAX_TOKENS = 1000
_FILE_KEYS = frozenset({"name", "url", "path", "content"})
_RECORD_KEYS = frozenset({"name", "type", "value"})
_TYPES = ("TXT", "CNAME")
#: Labels that mean something to others than the seller: who controls one of them gets certificates elsewhere (ACME, DNS
#: contacts of BR 3.2.2.4.13 and .14), or mail and policy of the domain.
_TAKEN = frozenset(
    "_acme-challenge _validation-contactemail _validation-contactphone _validation-persist _dmarc _domainkey _mta-sts"
    " _smtp _report _tcp _udp _tls _spf _bimi _adsp _caa".split()
)
#: What others take for a policy of the domain, and two of which are none at all (RFC 7208 §3.2, §4.5)
_POLICY = re.compile(r"\s*(v\s*=|spf2\.0)", re.IGNORECASE)


def wanted_files(value: object, request: OrderRequest) -> tuple[TokenFile, ...]:
    """value: a list of {name, url or path, content}; one without a name is wanted on every name of the order."""
    return tuple(file for entry in _entries(value, "files", _FILE_KEYS) for file in _files(entry, request))


def _files(entry: t.Mapping[str, str], request: OrderRequest) -> t.Iterator[TokenFile]:
    ours = [name for name in request.dns_names if not name.startswith("*.")]
    name = entry.get("name", "").lower().rstrip(".")
    content = entry.get("content", "")
    for dns_name in [name] if name else ours:
        url, path = entry.get("url", ""), entry.get("path", "").lstrip("/")
        if not path:
            path = _path_of(url, dns_name if name or len(ours) == 1 else None)
        why = path_error(path)
        if why is None and dns_name not in ours:
            why = f"ordered were {', '.join(request.dns_names)}"
        if why is None and not 0 < len(content) <= MAX_CONTENT:
            why = f"its content has {len(content)} characters"
        if why is not None:
            raise _strange(f"a file {path or url!r} of {dns_name!r}", why)
        yield TokenFile(dns_name=dns_name, path=path, content=content, url=f"http://{dns_name}/{path}")


def _path_of(url: str, dns_name: str | None) -> str:
    """The path below the document root that a URL of that name means; the standard ports only (JPRS-6)."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _strange(f"a file at {url!r}", "that is no URL") from None
    plain = not parts.query and not parts.fragment and "@" not in parts.netloc and "?" not in url and "#" not in url
    if (
        parts.scheme not in ("http", "https")
        or not plain
        or port not in (None, {"http": 80, "https": 443}[parts.scheme])
    ):
        raise _strange(f"a file at {url!r}", "a URL of the form http://name/.well-known/… is needed")
    if dns_name is not None and host.rstrip(".") != dns_name:
        raise _strange(f"a file at {url!r}", f"its host is not {dns_name!r}, for which it is meant")
    return parts.path[1:]


def wanted_records(value: object, request: OrderRequest) -> tuple[TokenRecord, ...]:
    """value: a list of {name, type, value}; without a type it is TXT."""
    return tuple(_record(entry, request) for entry in _entries(value, "records", _RECORD_KEYS))


def _record(entry: t.Mapping[str, str], request: OrderRequest) -> TokenRecord:
    owner = entry.get("name", "").lower().rstrip(".")
    kind, text = entry.get("type", "TXT").upper(), entry.get("value", "")
    why = owner_name_error(owner) or _owner_error(owner, kind, request)
    if why is None and kind not in _TYPES:
        why = f"its type is {kind[:20]!r}, possible are {' and '.join(_TYPES)}"
    if why is None and not text:
        why = "its value is empty"
    if why is None and kind == "TXT" and _POLICY.match(text):
        why = f"its value {text[:80]!r} is a policy of another service"
    if why is not None:
        raise _strange(f"a record {owner!r}", why)
    return TokenRecord(name=owner, type=kind, value=text.rstrip(".").lower() if kind == "CNAME" else text)


def _owner_error(owner: str, kind: str, request: OrderRequest) -> str | None:
    """At a name of the order or above it (an Authorization Domain Name), or below by labels with an underscore."""
    labels = owner.split(".")
    extra = 0
    while extra < len(labels) and labels[extra].startswith("_"):
        extra += 1
    anchor = ".".join(labels[extra:])
    ours = [validated_name(name) for name in request.dns_names]
    if "." not in anchor or not any(name == anchor or name.endswith("." + anchor) for name in ours):
        return f"ordered were {', '.join(request.dns_names)}"
    taken = sorted(_TAKEN.intersection(labels[:extra]))
    if taken:
        return f"the label {taken[0]} belongs to another service"
    if kind == "CNAME" and not extra:
        return "a CNAME there would hide every other record of that name"
    return None


def _entries(value: object, what: str, keys: frozenset[str]) -> list[dict[str, str]]:
    """A list of dictionaries of texts; null means none, and so does a null in it."""
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    if len(listed) > _MAX_TOKENS:
        raise _strange(f"{len(listed)} {what}", f"{_MAX_TOKENS} are possible")
    found = []
    for entry in listed:
        if entry is None:
            continue
        if not isinstance(entry, dict) or not entry.keys() <= keys:
            raise _strange(
                f"{what} of another shape", f"the expression must make {{{', '.join(sorted(keys))}}} of each"
            )
        texts = {key: one if isinstance(one, str) else word_of(one) for key, one in entry.items() if one is not None}
        if any(text is None for text in texts.values()):
            raise _strange(f"{what} of another shape", "a value in it is no text")
        found.append({key: text for key, text in texts.items() if text})
    return found


def _strange(what: str, why: str) -> ProtocolError:
    return ProtocolError(
        code="rest_strange_wish",
        what=f"The seller wants {escaped(what, 300)}",
        why=escaped(why, 400),
        todo="Nothing was published. Look at the description; if that is right, ask the seller before you go on",
        retryable=True,
    )
