# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the first deployment: the pair that already lies where copies go becomes generation 0.

Another tool, or a person, put it there, and its private key may exist nowhere else. As a generation it is kept, and a
first deployment that is not proven has something to go back to.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import (
    Content,
    CopyWish,
    Place,
    placement,
    public_files,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import read_copy
from ansible_collections.inkan.tls.plugins.module_utils._io.store import KEY, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.placing import PUBLIC_MODES, held_generations
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import certificate_facts, split_pem
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256

_KEY_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----[^-]+-----END \1-----\n?")
#: Servers take more in one file (EC and DH parameters), so certificates are picked out.
_CERTIFICATE_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?")


class Pair(t.NamedTuple):
    """A private key and the public files of its certificate."""

    key: bytes
    public_key_sha256: str
    files: t.Mapping[str, bytes]


def adopt(store: Store, name: str, copies: t.Sequence[CopyWish]) -> int | None:
    """The generation that holds the pair found at the places of ``copies``, made if it is new; None without a pair."""
    pair = find_pair(copies)
    if pair is None:
        return None
    held = held_generations(store, name)
    place = placement(held, pair.public_key_sha256, pair.files, None, sealed=False)
    if place.place is Place.KEEP:
        return place.number
    return store.new_generation(name, {KEY: pair.key, **pair.files}, PUBLIC_MODES, oldest=True)


def find_pair(copies: t.Sequence[CopyWish]) -> Pair | None:
    """A key and a certificate that belong together, among the files at the places of ``copies``."""
    texts = {wish.content: content for wish in copies for content in [read_copy(wish.path)] if content is not None}
    key = next((found for kind in (Content.PRIVKEY, Content.COMBINED) for found in _keys(texts.get(kind))), None)
    kinds = (Content.FULLCHAIN, Content.COMBINED, Content.CERT)
    certificates = next((found for kind in kinds for found in [_certificates(texts.get(kind))] if found), [])
    if key is None or not certificates:
        return None
    chain = certificates[1:] or _certificates(texts.get(Content.CHAIN))
    with contextlib.suppress(InkanError):
        digest = public_key_sha256(key)
        if certificate_facts(certificates[0]).public_key_sha256 == digest:
            return Pair(key, digest, public_files(certificates[0], chain))
    return None


def _keys(content: bytes | None) -> list[bytes]:
    return [block.group(0) for block in _KEY_BLOCK.finditer(content or b"")]


def _certificates(content: bytes | None) -> list[str]:
    with contextlib.suppress(InkanError):
        return split_pem(b"".join(_CERTIFICATE_BLOCK.findall(content or b"")).decode("ascii", "replace"))
    return []
