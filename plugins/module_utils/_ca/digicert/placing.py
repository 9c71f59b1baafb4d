# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a token of DigiCert goes: for each name that is validated, the record or the file.

    dns          TXT at the name itself                     setting txt_name ({name}; some use _dnsauth.{name})
    dns-cname    <token>.<name> to dcv.digicert.com         settings cname_name, cname_target
    file         /.well-known/pki-validation/fileauth.txt   or the file that a dynamic token's URL names

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import Token, unusable
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import path_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["approval_domain", "scope_of", "wanted_of"]

_FILE = ".well-known/pki-validation/fileauth.txt"


def wanted_of(
    tokens: t.Mapping[str, Token], request: OrderRequest, settings: Settings, notes: tuple[str, ...]
) -> Wanted:
    """tokens: by the name that each is for."""
    records: dict[TokenRecord, None] = {}
    files: dict[TokenFile, None] = {}
    for name, token in tokens.items():
        if token.is_done:
            continue
        if request.method == "file":
            files[_file(name, token)] = None
        else:
            records[_record(name, token, request, settings)] = None
    return Wanted(records=tuple(records), files=tuple(files), notes=notes)


def scope_of(name: str, settings: Settings) -> str:
    """The name whose control is proved: itself, or with dcv_scope base_domain its registered domain."""
    bare = validated_name(name)
    if settings.dcv_scope == "fqdn":
        return bare
    bases = [base for base in settings.base_domains if bare == base or bare.endswith("." + base)]
    if not bases:
        raise InputError(
            code="digicert_no_base_domain",
            what=f"Cannot say which domain is validated for {name}",
            why="dcv_scope is base_domain, and none of base_domains is above it",
            todo="Add its registered domain to base_domains",
        )
    return max(bases, key=len)


def approval_domain(name: str, address: str) -> str:
    """``email_domain``: the domain that the address was found for, above the name or the name itself."""
    bare, domain = validated_name(name), address.rpartition("@")[2].lower()
    return domain if bare == domain or bare.endswith("." + domain) else bare


def _record(name: str, token: Token, request: OrderRequest, settings: Settings) -> TokenRecord:
    is_alias = request.method == "dns-cname"
    template = settings.cname_name if is_alias else settings.txt_name
    owner = template.replace("{token}", token.value.lower()).replace("{name}", name)
    value = token.value
    if is_alias:
        value = token.verification or settings.cname_target.replace("{token}", token.value.lower())
    why = owner_name_error(owner) or (owner_name_error(value) if is_alias else None)
    if why is None and is_alias and owner == name:
        why = "a CNAME there would hide every other record of that name"
    if why is not None:
        raise unusable(
            f"it wants a record {escaped(owner, 300)!r} with {escaped(value, 300)!r}", why, "digicert_strange_wish"
        )
    return TokenRecord(name=owner, type="CNAME" if is_alias else "TXT", value=value)


def _file(name: str, token: Token) -> TokenFile:
    """A dynamic token's URL tells the file name; it must be of that very name, and where tokens may lie."""
    path = _FILE
    if token.url:
        path, why = _path_of(token.url, name)
        if why:
            raise unusable(f"it wants a file at {escaped(token.url, 300)!r}", why, "digicert_strange_wish")
    return TokenFile(dns_name=name, path=path, content=token.value, url=f"http://{name}/{path}")


def _path_of(url: str, name: str) -> tuple[str, str]:
    """The path below the document root, and why it is none that may be placed."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as failure:
        return "", f"it is no URL: {failure}"
    path = parts.path.lstrip("/")
    why = path_error(path) or ""
    if not why and ((parts.hostname or "").rstrip(".") not in ("", name) or parts.query or parts.fragment):
        why = f"it is for {name}"
    return path, why
