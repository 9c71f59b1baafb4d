# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key and its request for one certificate: found where they are, made where they are missing.

    key of an order given ──▶ that key wherever it lies in the store, or key_missing: never another one
    no key given ──▶ a staged generation whose request is the wished one ──▶ kept
                 └─▶ none ──▶ a new generation (new key, or the live one if it is to be reused)

Reading takes no lock and writes nothing; only what is missing is made, under the lock of the name, after a second look.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import contextlib
import os
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts, CsrWish, differences
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CSR, KEY, Generation, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import MAX_CSR_BYTES, csr_facts, new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import (
    MAX_KEY_BYTES,
    new_private_key,
    plain_private_key,
    private_key_type,
    public_key_sha256,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import seal, seal_context

#: Staged keys without a certificate beyond these go: orders that came to nothing.
_KEPT_STAGED = 2
_LOCK_WAIT = 10.0


@dataclass(frozen=True)
class Recipient:
    """public_key: raw X25519; None: known only after the other host has made it (check mode)."""

    host: str
    public_key: bytes | None


@dataclass(frozen=True)
class Paths:
    privkey: str
    csr: str


@dataclass(frozen=True)
class SellersKey:
    """What the seller made: PEM, or a file with it."""

    pem: bytes | None = field(default=None, repr=False)
    path: str = ""


@dataclass(frozen=True)
class Request:
    """One item. public_key_sha256: the key of an order, or None; ``known_after_order`` in check mode."""

    name: str
    wish: CsrWish
    reuse: bool = False
    public_key_sha256: str | None = None
    recipients: tuple[Recipient, ...] = ()
    paths: Paths | None = None
    made_by_seller: bool = False
    sellers_key: SellersKey | None = None


@dataclass(frozen=True)
class Pair:
    """A key that is there, and its request if that is there too. state: staged, complete or live."""

    state: str
    generation: int | None
    key: bytes
    public_key_sha256: str
    csr: bytes | None
    csr_facts: CsrFacts | None


Answer = tuple[ItemResult, t.Optional[Diff]]


def answer_all(
    store: Store, requests: t.Sequence[Request], *, clock: Clock, executor: Executor, check_mode: bool
) -> list[Answer]:
    """Find key and request of each item, make those that are missing, and seal keys for those who need them.

    Looking is one pass in this thread; making RSA keys takes processors, so that is the executor's. Errors stay with
    their item.
    """

    def look(request: Request) -> Answer | None:
        try:
            with store.looking(request.name):
                return _look(store, request, check_mode)
        except InkanError as error:
            return _failed(request, error)

    def make(request: Request) -> Answer:
        try:
            return _make(store, request, clock)
        except InkanError as error:
            return _failed(request, error)

    found = [look(request) for request in requests]
    made = iter(executor.map(make, [request for request, known in zip(requests, found) if known is None]))
    return [known if known is not None else next(made) for known in found]


def _failed(request: Request, error: InkanError) -> Answer:
    outcome = "key_missing" if error.code == "key_missing" else "refused"
    return ItemResult(request.name, outcome, "absent", error=error, extra=_nothing()), None


def _look(store: Store, request: Request, check_mode: bool) -> Answer | None:
    """What is there already, or in check mode what would be made; None: it has to be made."""
    if request.sellers_key is not None:
        request = _with_digest(request, request.sellers_key)
        found = _find(store, request)
        if found is not None:
            return _done(request, found, "kept"), None
        return (_to_come(request, "created", changed=True), _taken_diff(request)) if check_mode else None
    if request.made_by_seller and request.public_key_sha256 is None:
        return ItemResult(request.name, "nothing_to_do", "absent", extra=_nothing()), None
    if request.public_key_sha256 == KNOWN_AFTER_ORDER:
        return _to_come(request, "kept", changed=False), None
    if request.paths is not None:
        return _look_at_paths(request, request.paths, check_mode)
    found = _find(store, request)
    if found is not None:
        return _done(request, found, "kept"), None
    if request.public_key_sha256 is not None:
        raise _key_missing(request, f"{store.path}/{request.name}")
    if check_mode:
        return _to_come(request, "created", changed=True, key=_reused_key(store, request)), _diff(request, "")
    return None


def _make(store: Store, request: Request, clock: Clock) -> Answer:
    if request.sellers_key is not None:
        return _take_in(store, _with_digest(request, request.sellers_key), _read_key(request.sellers_key))
    if request.paths is not None:
        return _make_at_paths(request, request.paths, clock)
    with store.looking(request.name), store.lock(request.name):
        found = _find(store, request)  # another process may have been quicker
        if found is not None:
            return _done(request, found, "kept"), None
        return _done(request, _stage(store, request), "created"), _diff(request, "")


# -- made by the seller -----------------------------------------------------------------------------------------------


def _take_in(store: Store, request: Request, key: bytes) -> Answer:
    with store.looking(request.name), store.lock(request.name):
        found = _find(store, request)
        if found is not None:
            return _done(request, found, "kept"), None
        number = store.new_generation(request.name, {KEY: key}, {})
        store.prune_staged(request.name, _KEPT_STAGED, never={number})
        pair = Pair("staged", number, key, request.public_key_sha256 or "", None, None)
        return _done(request, pair, "created"), _taken_diff(request)


def _read_key(given: SellersKey) -> bytes:
    """As unencrypted PKCS #8 PEM, whatever the seller wrote around it."""
    if given.pem is not None:
        return plain_private_key(given.pem, where="the key that was given")
    with Directory.open(os.path.dirname(given.path)) as folder:
        content = folder.read(os.path.basename(given.path), MAX_KEY_BYTES)
    if content is None:
        todo = "Put it there, or give its PEM"
        raise LocalError(
            code="path_missing", what="Cannot read the seller's key", where=given.path, why="it is not there", todo=todo
        )
    return plain_private_key(content, where=given.path)


def _with_digest(request: Request, given: SellersKey) -> Request:
    return replace(request, public_key_sha256=public_key_sha256(_read_key(given)))


def _taken_diff(request: Request) -> Diff:
    return Diff(f"{request.name}: key of the seller, staged", "", f"public key: {request.public_key_sha256}\n")


# -- in the store -----------------------------------------------------------------------------------------------------


def _find(store: Store, request: Request) -> Pair | None:
    generations = [one for one in reversed(store.generations(request.name)) if one.has_key]
    if request.public_key_sha256 is not None:
        pairs = [one for one in (_pair(store, request.name, number) for number in generations) if one]
        fitting = [one for one in pairs if one.public_key_sha256 == request.public_key_sha256]
        return next((one for one in fitting if one.csr is not None), fitting[0] if fitting else None)
    reused = _reused_key(store, request)
    for generation in generations:
        pair = None if generation.has_certificate else _pair(store, request.name, generation)
        if pair is None or pair.csr_facts is None or differences(request.wish, pair.csr_facts):
            continue
        if reused is None or pair.public_key_sha256 == public_key_sha256(reused, trusted=True):
            return pair
    return None


def _pair(store: Store, name: str, generation: Generation) -> Pair | None:
    """What a generation holds; None if its key cannot be read. A request that is not of this key counts as none."""
    number = generation.number
    key, csr, live = store.read(name, number, KEY), store.read(name, number, CSR), store.live(name)
    with contextlib.suppress(InkanError):
        digest = public_key_sha256(key or b"", trusted=True)
        facts = _facts_or_none(csr, digest)
        state = "live" if live == number else "complete" if generation.has_certificate else "staged"
        return Pair(state, number, key or b"", digest, csr if facts else None, facts)
    return None


def _facts_or_none(csr: bytes | None, digest: str) -> CsrFacts | None:
    with contextlib.suppress(InkanError):
        facts = csr_facts(csr or b"", check_signature=False)
        return facts if facts.public_key_sha256 == digest else None
    return None


def _reused_key(store: Store, request: Request) -> bytes | None:
    """The live key, if it is to be used again and is of the wished type."""
    live = store.live(request.name) if request.reuse else None
    key = store.read(request.name, live, KEY) if live is not None else None
    if key is None or private_key_type(key, where=request.name, trusted=True) != request.wish.key_type:
        return None
    return key


def _stage(store: Store, request: Request) -> Pair:
    key = _reused_key(store, request) or new_private_key(request.wish.key_type)
    csr = new_csr(key, request.wish, trusted=True)
    number = store.new_generation(request.name, {KEY: key, CSR: csr}, {CSR: 0o644})
    store.prune_staged(request.name, _KEPT_STAGED, never={number})
    facts = csr_facts(csr, check_signature=False)
    return Pair("staged", number, key, facts.public_key_sha256, csr, facts)


# -- at explicit paths ------------------------------------------------------------------------------------------------


def _look_at_paths(request: Request, paths: Paths, check_mode: bool) -> Answer | None:
    """An existing key stays: a service may be using it. A request for other names is renewed beside it."""
    with _folders(paths) as (keys, csrs):
        key, found = _judged(request, paths, keys, csrs)
    if found is not None:
        return _done(request, found, "kept"), None
    return (_to_come(request, "created", changed=True, key=key), _diff(request, paths.csr)) if check_mode else None


def _make_at_paths(request: Request, paths: Paths, clock: Clock) -> Answer:
    with _folders(paths) as (keys, csrs):
        _be_alone(request, (keys, csrs), clock)
        key, found = _judged(request, paths, keys, csrs)
        if found is not None:
            return _done(request, found, "kept"), None
        if key is None:
            key = new_private_key(request.wish.key_type)
            keys.write(os.path.basename(paths.privkey), key)
        csr = new_csr(key, request.wish)
        csrs.write(os.path.basename(paths.csr), csr, mode=0o644)
        facts = csr_facts(csr)
        pair = Pair("staged", None, key, facts.public_key_sha256, csr, facts)
        return _done(request, pair, "created"), _diff(request, paths.csr)


@contextlib.contextmanager
def _folders(paths: Paths) -> t.Iterator[tuple[Directory, Directory]]:
    key_folder, csr_folder = os.path.dirname(paths.privkey), os.path.dirname(paths.csr)
    with Directory.open(key_folder) as keys, Directory.open(csr_folder) as csrs:
        yield keys, keys if keys.is_same(csrs) else csrs


def _be_alone(request: Request, folders: t.Sequence[Directory], clock: Clock) -> None:
    """Lock the folders; what a killed run left half-written there (it may be a key) is removed."""
    for folder in dict.fromkeys(folders):
        if not folder.hold(wait=_LOCK_WAIT, clock=clock):
            raise _refused(request, "store_busy", folder.path, "another process works there", "Run again later")
        folder.sweep()


def _judged(request: Request, paths: Paths, keys: Directory, csrs: Directory) -> tuple[bytes | None, Pair | None]:
    """The key that is there, and the pair if its request is the right one; or why what is there is refused."""
    key = keys.read(os.path.basename(paths.privkey), MAX_KEY_BYTES)
    csr = csrs.read(os.path.basename(paths.csr), MAX_CSR_BYTES)
    facts = csr_facts(csr, where=paths.csr) if csr is not None else None
    digest = public_key_sha256(key, where=paths.privkey) if key is not None else None
    if request.public_key_sha256 not in (None, digest):
        raise _key_missing(request, paths.privkey)
    if facts is not None and facts.public_key_sha256 != digest:
        why = f"it was made with the key {facts.public_key_sha256}, {paths.privkey} holds {digest or 'none'}"
        raise _refused(request, "csr_key_mismatch", paths.csr, why, "Restore the key, or move the request away")
    if key is None or digest is None:
        return None, None
    if request.public_key_sha256 is not None:
        return key, Pair("staged", None, key, digest, csr, facts)
    key_type = private_key_type(key, where=paths.privkey)
    if key_type != request.wish.key_type:
        why = f"the key there is {key_type}, wished is {request.wish.key_type}"
        raise _refused(request, "key_type_mismatch", paths.privkey, why, "Move the key away, or change key.type")
    fits = facts is not None and not differences(request.wish, facts)
    return key, Pair("staged", None, key, digest, csr, facts) if fits else None


# -- answers ----------------------------------------------------------------------------------------------------------


def _done(request: Request, pair: Pair, outcome: str) -> ItemResult:
    result = ItemResult(
        request.name,
        outcome,
        pair.state,
        changed=outcome == "created",
        extra={
            "generation": pair.generation,
            "csr": pair.csr.decode("ascii") if pair.csr else None,
            "csr_sha256": pair.csr_facts.csr_sha256 if pair.csr_facts else None,
            "public_key_sha256": pair.public_key_sha256,
            "key_type": private_key_type(pair.key, trusted=True),
            "sealed": {},
        },
    )
    try:
        result.extra["sealed"] = {one.host: _sealed(request, pair, one) for one in request.recipients}
    except InkanError as error:  # key and request are there all the same
        result.error = error
    return result


def _sealed(request: Request, pair: Pair, recipient: Recipient) -> str:
    if recipient.public_key is None:
        return KNOWN_AFTER_ORDER
    context = seal_context(request.name, pair.public_key_sha256)
    return base64.b64encode(seal(pair.key, recipient.public_key, context)).decode("ascii")


def _to_come(request: Request, outcome: str, *, changed: bool, key: bytes | None = None) -> ItemResult:
    digest = public_key_sha256(key, trusted=True) if key is not None else KNOWN_AFTER_ORDER
    return ItemResult(
        request.name,
        outcome,
        "staged",
        changed,
        extra={
            "generation": None,
            "csr": KNOWN_AFTER_ORDER,
            "csr_sha256": KNOWN_AFTER_ORDER,
            "public_key_sha256": digest,
            "key_type": request.wish.key_type,
            "sealed": {one.host: KNOWN_AFTER_ORDER for one in request.recipients},
        },
    )


def _nothing() -> dict[str, t.Any]:
    empty = dict.fromkeys(("generation", "csr", "csr_sha256", "public_key_sha256", "key_type"))
    return {**empty, "sealed": {}}


def _diff(request: Request, where: str) -> Diff:
    wish = request.wish
    lines = [
        f"key: {wish.key_type}{' (the live one, if it is of this type)' if request.reuse else ''}",
        f"common name: {wish.common_name or 'none, it would be too long'}",
        *(f"name: {name}" for name in wish.dns_names),
        *(f"subject: {field}={value}" for field, value in wish.subject),
    ]
    return Diff(f"{request.name}: request{' at ' + where if where else ', staged'}", "", "\n".join(lines) + "\n")


def _refused(request: Request, code: str, path: str, why: str, todo: str) -> LocalError:
    where = f"item {request.name!r}, {path}"
    return LocalError(code=code, what="Cannot make the request", where=where, why=why, todo=todo)


def _key_missing(request: Request, path: str) -> LocalError:
    why = f"the private key {request.public_key_sha256} of its order is not on this host"
    todo = "Ask the host that keeps it; if that is lost, cancel the order and order with a new key"
    return _refused(request, "key_missing", path, why, todo)
