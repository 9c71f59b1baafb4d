# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings choose where the CA leaves a choice: the profile, the chain, the key that revokes; and its hints.

This file is private to the collection.
"""

from __future__ import annotations

import glob
import os
import re
import ssl
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme import library
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.session import Session
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.settings import Settings, is_profile
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._io import files

__all__ = ["advised", "chosen_profile", "is_preferred", "own_key"]

_FINGERPRINT = re.compile(r"(?:[0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}")
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,30000}-----END CERTIFICATE-----")
_LARGEST_BUNDLE = 8 * 1024 * 1024
_LARGEST_KEY = 64 * 1024
_MOST_KEYS = 20_000


def chosen_profile(session: Session, settings: Settings, request: OrderRequest) -> str:
    """Of the certificate (``options.profile``), else of the account. One that the directory does not have is refused
    before anything is sent (draft-aaron-acme-profiles §3: meta.profiles)."""
    wish = request.options.get("profile") or settings.profile
    if not wish:
        return ""
    offered = session.directory.profiles
    if is_profile(wish) and offered is not None and wish in offered:
        return str(wish)
    has = f"its directory has {', '.join(sorted(offered))}" if offered else "its directory has no profiles"
    raise RefusedError(  # ends the order, which keeps its options: the next one has the corrected ones
        code="acme_profile_unknown",
        what=f"Cannot order by the profile {str(wish)[:100]!r}",
        where=f"order {request.reference}",
        why=has,
        todo="Correct options.profile of the certificate, or profile in the account's settings. Nothing was ordered",
    )


def advised(refusal: RefusedError, settings: Settings) -> RefusedError:
    """The refusal of an order, with what is known of this CA."""
    hint = settings.preset.refused_todo if settings.preset is not None else ""
    if not hint or refusal.retryable:
        return refusal
    return RefusedError(
        code=refusal.code,
        what=refusal.what,
        where=refusal.where,
        why=refusal.why,
        todo=f"{hint}. Else: {refusal.todo}" if refusal.todo else hint,
        reference=refusal.reference,
        retryable=False,
    )


# -- chains -----------------------------------------------------------------------------------------------------------


def is_preferred(modules: library.Library, chain: t.Sequence[str], wish: str) -> bool:
    """wish: the common name of the root, as the last certificate names its issuer; or the SHA-256 of a certificate of
    the chain, or of a root of this host's trust store that has issued the last one."""
    last = library.Certificate(modules, chain[-1])
    if not _FINGERPRINT.fullmatch(wish):
        return last.issuer_common_name == wish
    fingerprint = wish.replace(":", "").lower()
    if any(library.Certificate(modules, one).fingerprint == fingerprint for one in chain[1:]):
        return True
    root = _root(modules, fingerprint)
    return root is not None and root.subject == last.issuer


def _root(modules: library.Library, fingerprint: str) -> library.Certificate | None:
    path = t.cast("str | None", ssl.get_default_verify_paths().cafile)
    if path is None:
        return None
    try:
        with open(path, "rb") as bundle:
            text = bundle.read(_LARGEST_BUNDLE).decode("ascii", "replace")
    except OSError:
        return None
    for block in _BLOCK.findall(text):
        if library.fingerprint_of(block) == fingerprint:
            return library.Certificate(modules, block)
    return None


# -- revocation by the certificate's key ------------------------------------------------------------------------------


def own_key(modules: library.Library, certificate_pem: str, store: str) -> library.AccountKey | None:
    """The certificate's private key, where this host is its custodian: read from the store here, used here, gone.

    Keys of other hosts stay where they are: the account revokes for them.
    """
    if not store:
        return None
    certificate = library.Certificate(modules, certificate_pem)
    paths = sorted(glob.iglob(os.path.join(glob.escape(store), "*", "generations", "*", "privkey.pem")))
    for path in paths[:_MOST_KEYS]:
        key = _key_at(modules, path)
        if key is not None and certificate.is_of(key):
            return key
    return None


def _key_at(modules: library.Library, path: str) -> library.AccountKey | None:
    try:
        with files.Directory.open(os.path.dirname(path)) as folder:
            pem = folder.read(os.path.basename(path), _LARGEST_KEY)
        return library.AccountKey(modules, pem, path) if pem else None
    except InkanError:
        return None
