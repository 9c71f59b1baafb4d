# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before a switch: a key to receive with, and a verified set in a generation of its own. Nothing live is touched.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import contextlib
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import (
    PUBLIC_FILES,
    Held,
    Place,
    Placement,
    Wish,
    placement,
    public_files,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CSR, KEY, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    certificate_facts,
    iso,
    split_pem,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import (
    new_recipient,
    recipient_public,
    seal_context,
    unseal,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment

#: Certificates are public; the folders above them are not.
PUBLIC_MODES: t.Final = dict.fromkeys(PUBLIC_FILES, 0o644)


@dataclass(frozen=True)
class Given:
    """The set of a wish, in normal form."""

    certificate: str
    chain: tuple[str, ...]
    public_key_sha256: str
    files: t.Mapping[str, bytes]


def read_given(wish: Wish) -> Given:
    """ProtocolError if the texts are no certificates."""
    certificate = split_pem(wish.certificate or "")
    facts = certificate_facts(wish.certificate or "")
    chain = tuple(pem for text in wish.chain for pem in split_pem(text))
    key = wish.public_key_sha256 or facts.public_key_sha256
    return Given(certificate[0], chain, key, public_files(certificate[0], chain))


def held_generations(store: Store, name: str) -> list[Held]:
    """What every generation holds; an unreadable key counts as none."""
    held = []
    for generation in store.generations(name):
        files = {file: store.read(name, generation.number, file) for file in PUBLIC_FILES}
        present = {file: content for file, content in files.items() if content is not None}
        held.append(Held(generation.number, _digest(store, name, generation.number), present))
    return held


def _digest(store: Store, name: str, number: int) -> str | None:
    key = store.read(name, number, KEY)
    with contextlib.suppress(InkanError):
        return public_key_sha256(key, trusted=True) if key is not None else None
    return None


# -- prepare ----------------------------------------------------------------------------------------------------------


def prepare(store: Store, wish: Wish, check_mode: bool) -> ItemResult:
    """Make or keep the key that a custodian seals to."""
    public = _recipient_here(store, wish.name)
    if public is not None:
        return _prepared(wish.name, public, changed=False)
    if check_mode:
        return _prepared(wish.name, None, changed=True)
    with store.lock(wish.name):
        public = _recipient_here(store, wish.name)  # another process may have been quicker
        if public is None:
            private = new_recipient()
            store.write_recipient(wish.name, private)
            return _prepared(wish.name, recipient_public(private), changed=True)
    return _prepared(wish.name, public, changed=False)


def _recipient_here(store: Store, name: str) -> bytes | None:
    private = store.read_recipient(name)
    with contextlib.suppress(RefusedError):  # damaged: it opens nothing any more, a new one takes its place
        return recipient_public(private) if private is not None else None
    return None


def _prepared(name: str, public: bytes | None, *, changed: bool) -> ItemResult:
    shown = base64.b64encode(public).decode("ascii") if public is not None else KNOWN_AFTER_ORDER
    outcome = "prepared" if changed else "kept"
    return ItemResult(name, outcome, "prepared", changed, extra={"recipient": shown})


# -- verify -----------------------------------------------------------------------------------------------------------


def verify(store: Store, wish: Wish, now: datetime, check_mode: bool) -> tuple[ItemResult, Diff | None]:
    """Put the set into the generation of its key, if key, names, chain and dates fit."""
    if wish.certificate is None:
        return ItemResult(wish.name, "verified", "staged", True, extra=_extra(None, None)), None
    given = read_given(wish)
    if check_mode:
        return _verified(store, wish, given, now, check_mode)
    with store.looking(wish.name):
        if not store.has(wish.name):
            _judge(store, wish, given, now, check_mode)  # a lock would make the folder, also of a bad set
        with store.lock(wish.name):
            return _verified(store, wish, given, now, check_mode)


def _verified(
    store: Store, wish: Wish, given: Given, now: datetime, check_mode: bool
) -> tuple[ItemResult, Diff | None]:
    where, key, facts = _judge(store, wish, given, now, check_mode)
    is_live = where.place is Place.KEEP and where.number == store.live(wish.name)
    number = where.number if check_mode else _put(store, wish.name, where, key)
    changed = where.place is not Place.KEEP
    state = "live" if is_live else "staged"
    result = ItemResult(wish.name, "verified" if changed else "kept", state, changed, extra=_extra(number, facts))
    return result, _diff(wish.name, where, facts) if changed else None


def _judge(
    store: Store, wish: Wish, given: Given, now: datetime, check_mode: bool
) -> tuple[Placement, bytes | None, CertificateFacts]:
    """Where the set goes, its key, and its facts; or the error that says why it must not become live."""
    held, live = held_generations(store, wish.name), store.live(wish.name)
    where = placement(held, given.public_key_sha256, given.files, live, sealed=wish.sealed_key is not None)
    if where.place is Place.NO_KEY and not check_mode:
        raise _key_missing(store, wish, given)
    key = _private_key(store, wish, given, where)
    facts = verify_deployment(
        given.certificate,
        given.chain,
        public_key_sha256=given.public_key_sha256,
        private_key_pem=key,
        dns_names=wish.dns_names,
        now=now,
    )
    return where, key, facts


def _private_key(store: Store, wish: Wish, given: Given, where: Placement) -> bytes | None:
    if where.place is Place.OPEN and wish.sealed_key is not None:
        return _opened(store, wish, wish.sealed_key, given.public_key_sha256)
    return store.read(wish.name, where.number, KEY) if where.number is not None else None


def _opened(store: Store, wish: Wish, sealed_key: bytes, digest: str) -> bytes:
    private = store.read_recipient(wish.name)
    if private is None:
        raise LocalError(
            code="recipient_key_missing",
            what="Cannot open the sealed private key",
            where=f"{store.path}/{wish.name}",
            why="the key that it was sealed to is no longer on this host",
            todo="Run state=prepare here and let the custodian seal the key again",
        )
    key = unseal(sealed_key, private, seal_context(wish.name, digest))
    found = public_key_sha256(key)
    if found != digest:
        raise RefusedError(
            code="sealed_key_mismatch",
            what="Refusing the private key that was sealed to this host",
            where=f"item {wish.name!r}",
            why=f"its public key is {found}, that of the certificate's order is {digest}",
            todo="Let the custodian of the ordered key seal it",
        )
    return key


def _key_missing(store: Store, wish: Wish, given: Given) -> LocalError:
    return LocalError(
        code="key_missing",
        what="Cannot use the certificate on this host",
        where=f"{store.path}/{wish.name}",
        why=f"no generation holds the private key {given.public_key_sha256}, and none was sealed to this host",
        todo="Run state=prepare here, let the custodian seal the key, and give it as sealed_key",
    )


def _put(store: Store, name: str, where: Placement, key: bytes | None) -> int | None:
    if where.place is Place.ADD and where.number is not None:
        store.add_files(name, where.number, where.files or {}, PUBLIC_MODES)
        return where.number
    if where.place is Place.KEEP or key is None:
        return where.number
    files = {KEY: key, **(where.files or {})}
    csr = store.read(name, where.number, CSR) if where.number is not None else None
    if csr is not None:
        files[CSR] = csr
    return store.new_generation(name, files, PUBLIC_MODES)


def _extra(number: int | None, facts: CertificateFacts | None) -> dict[str, t.Any]:
    return {
        "generation": number,
        "serial": facts.serial if facts else None,
        "not_after": iso(facts.not_after) if facts else None,
        "public_key_sha256": facts.public_key_sha256 if facts else None,
    }


def _diff(name: str, where: Placement, facts: CertificateFacts) -> Diff:
    files = sorted(where.files or {}) + (["privkey.pem"] if where.place in (Place.OPEN, Place.COPY) else [])
    lines = [f"serial: {facts.serial}", f"not_after: {iso(facts.not_after)}", *(f"file: {file}" for file in files)]
    return Diff(f"{name}: verified, not live", "", "\n".join(lines) + "\n")
