# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the token of an order goes, and what GlobalSign is then asked to look at.

    dns     DNSTXT, TXT at one of VerificationFQDNList      ApproverFQDN: that name      settings txt_name, txt_at
    file    MetaTag, in gsdv.txt of each name               ApproverURL: the file of the common name

One TXT record above all names covers them; a file covers its very name (https://info-globalsign.com/news/20210917). A
token is told in the answer to the order: from then on it is in the ledger (``OrderRequest.wanted``). Of a lost answer
the domain validation code (DVC) is asked for: the bare code, or all of the text (settings dvc_text, dvc_tag).

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.answers import unusable
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Node
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["looked_at", "wanted_by_code", "wanted_in"]

_PATH = ".well-known/pki-validation/gsdv.txt"
_TOKEN = re.compile(r"[!-~]{8,255}")
_META = re.compile(r"[ -~]{8,1000}")
_CONTENT = re.compile(r"content\s*=\s*[\"']([!-~]{8,255})[\"']", re.IGNORECASE)
_MOST = 100


def wanted_in(response: Node, request: OrderRequest, settings: Settings) -> Wanted:
    """What the answer to an order by dns or file wants; nothing, where it tells no token."""
    if request.method == "dns":
        return _records(response.word("DNSTXT"), _told_names(response), request, settings)
    return _files(response.word("MetaTag"), _schemes(response), request, settings)


def wanted_by_code(code: str, request: OrderRequest, settings: Settings) -> Wanted:
    """What a domain validation code wants that was asked for when the answer to the order was lost."""
    if request.method == "dns":
        text = code if not code or "=" in code.rstrip("=") else settings.dvc_text.replace("{code}", code)
        return _records(text, [], request, settings)
    bare = code.partition("=")[2] if "=" in code.rstrip("=") and not code.startswith("<") else code
    tag = bare if not bare or bare.startswith("<") else settings.dvc_tag.replace("{code}", bare)
    return _files(tag, {}, request, settings)


def looked_at(request: OrderRequest, settings: Settings) -> list[str]:
    """ApproverFQDN or ApproverURL of each place that the ledger knows to be wanted, that of the common name first."""
    if request.method == "dns":
        before, _mark, after = settings.txt_name.partition("{name}")
        names = [record.name for record in request.wanted.records]
        return [name[len(before) : len(name) - len(after)] if name.startswith(before) else name for name in names]
    common = validated_name(request.common_name)
    return [file.url for file in sorted(request.wanted.files, key=lambda file: file.dns_name != common)]


def _records(value: str, told: t.Sequence[str], request: OrderRequest, settings: Settings) -> Wanted:
    if not value:
        return Wanted()
    if not _TOKEN.fullmatch(value):
        raise unusable("its token is none", f"DNSTXT is {escaped(repr(value), 200)}", "gcc_strange_wish")
    names = list(dict.fromkeys(validated_name(name) for name in request.dns_names))
    first = _highest(told, names, request, settings)
    # the name that is looked at comes first; what is not below it proves itself
    places = [first, *(name for name in names if not _covers(first, name))]
    records = [TokenRecord(name=settings.txt_name.replace("{name}", name), type="TXT", value=value) for name in places]
    return Wanted(records=tuple(dict.fromkeys(records)))


def _told_names(response: Node) -> list[str]:
    words = [one.text.strip().lower().rstrip(".") for one in response.every("VerificationFQDN")]
    return [word for word in words[:_MOST] if dns_name_error(word, wildcard=False) is None]


def _highest(told: t.Sequence[str], names: t.Sequence[str], request: OrderRequest, settings: Settings) -> str:
    """Of the names that GlobalSign would look at, one that covers all of ours; else the common name, or what covers it.

    One that covers none of ours is nobody's business: no record goes there.
    """
    common = validated_name(request.common_name)
    fitting = [one for one in told if _covers(one, common)]
    if told and not fitting:
        why = f"it would look at {', '.join(told)}; ordered were {', '.join(names)}"
        raise unusable("it wants a record that is not for our names", why[:1000], "gcc_strange_wish")
    covering = [one for one in fitting if all(_covers(one, name) for name in names)] or fitting
    if not covering:
        return common
    return max(covering, key=len) if settings.txt_at == "narrowest" else min(covering, key=len)


def _covers(above: str, name: str) -> bool:
    return name == above or name.endswith("." + above)


def _files(meta: str, schemes: t.Mapping[str, str], request: OrderRequest, settings: Settings) -> Wanted:
    if not meta:
        return Wanted()
    found = _CONTENT.search(meta)
    token = found[1] if found else meta if _TOKEN.fullmatch(meta) else ""
    if not _META.fullmatch(meta) or (not token and "{token}" in settings.file_content):
        raise unusable("its token is none", f"MetaTag is {escaped(repr(meta), 300)}", "gcc_strange_wish")
    content = settings.file_content.replace("{meta_tag}", meta).replace("{token}", token)
    names = list(dict.fromkeys(validated_name(name) for name in request.dns_names))
    return Wanted(
        files=tuple(
            TokenFile(dns_name=name, path=_PATH, content=content, url=f"{schemes.get(name, 'http')}://{name}/{_PATH}")
            for name in names
        )
    )


def _schemes(response: Node) -> dict[str, str]:
    """By name: https where GlobalSign lists no http for it. Only the path that is documented counts."""
    found: dict[str, str] = {}
    for node in list(response.every("VerificationURL"))[:_MOST]:
        try:
            parts = urllib.parse.urlsplit(node.text.strip())
            host = (parts.hostname or "").lower().rstrip(".")
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.path in ("", "/", f"/{_PATH}"):
            found[host] = "http" if "http" in (parts.scheme, found.get(host)) else "https"
    return found
