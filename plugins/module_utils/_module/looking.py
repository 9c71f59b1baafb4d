# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the store for a name, and what a server really serves. Reads only, and only what is asked for.

A sweep (everything that expires before a date) looks at the live pair alone: of a thousand certificates with nothing
due, each costs a few opened files and one parsed certificate.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import contextlib
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import Handshake
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CERTIFICATE, CSR, KEY, Generation, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    certificate_facts,
    iso,
    join_pem,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import csr_facts
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_sha256
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import recipient_public

#: Codes that say we could not look, which is an error; any other says that what is there is broken, which is a finding.
_CANNOT_LOOK = frozenset(("permission_denied", "store_unsafe", "path_missing", "file_error", "read_only_file_system"))


@dataclass(frozen=True)
class Probe:
    """A handshake to make for a name."""

    name: str
    address: str
    port: int
    server_name: str | None


@dataclass(frozen=True)
class Live:
    """The live generation; facts None: ``problem`` says why."""

    generation: int | None
    facts: CertificateFacts | None
    problem: InkanError | None


def see_live(store: Store, name: str) -> Live:
    """The live certificate and whether the key beside it is its own."""
    number: int | None = None
    try:
        with store.looking(name):
            number = store.live(name)
            return _pair(store, name, number) if number is not None else Live(None, None, None)
    except InkanError as error:
        return Live(number, None, error)


def _pair(store: Store, name: str, number: int) -> Live:
    facts = certificate_facts(_must_read(store, name, number, CERTIFICATE).decode("ascii", "replace"))
    if public_key_sha256(_must_read(store, name, number, KEY), where=name, trusted=True) != facts.public_key_sha256:
        return Live(number, facts, _broken(store, name, number, "the private key is not that of the certificate"))
    return Live(number, facts, None)


def is_due(live: Live, before: datetime | None) -> bool:
    """Whether a sweep has to report it: it expires too soon, or there is no sound one."""
    return before is None or live.facts is None or live.problem is not None or live.facts.not_after < before


def describe(store: Store, name: str, live: Live) -> ItemResult:
    """All that is known of a name; an error if it could not be looked at."""
    extra = _extra(name, live)
    try:
        with store.looking(name):
            extra.update(_keys(store, name, store.generations(name), live))
            extra["switching"] = store.read_journal(name) is not None
            extra["recipient"] = _recipient(store, name)
    except InkanError as error:
        live = Live(live.generation, live.facts, live.problem or error)
        extra["problem"] = live.problem.as_data() if live.problem else None
    state = _state(live, extra)
    failure = live.problem if live.problem is not None and live.problem.code in _CANNOT_LOOK else None
    outcome = state if state in ("absent", "broken") else "found"
    return ItemResult(name, outcome, state, error=failure, extra=extra)


def _extra(name: str, live: Live) -> dict[str, t.Any]:
    shown = None
    if live.facts is not None:
        matches = live.problem is None
        shown = {"generation": live.generation, **live.facts.as_data(), "matches": matches}
    return {
        "live": shown,
        "staged": [],
        "has_keys": [],
        "switching": False,
        "recipient": None,
        "problem": live.problem.as_data() if live.problem is not None else None,
        "served": None,
        "served_error": None,
    }


def _state(live: Live, extra: t.Mapping[str, t.Any]) -> str:
    if live.problem is not None:
        return "broken"
    if live.facts is not None:
        return "live"
    return "staged" if extra["has_keys"] else "absent"


def _keys(store: Store, name: str, generations: t.Sequence[Generation], live: Live) -> dict[str, t.Any]:
    staged, has_keys = [], []
    for generation in generations:
        digest = _seen_digest(live, generation) or _digest(store, name, generation)
        if digest is None:
            continue
        has_keys.append(digest)
        if generation.number != live.generation and not generation.has_certificate:
            staged.append(
                {
                    "generation": generation.number,
                    "public_key_sha256": digest,
                    "csr_sha256": _csr_sha256(store, name, generation.number),
                    "created_at": iso(generation.created_at),
                }
            )
    return {"staged": staged, "has_keys": list(dict.fromkeys(has_keys))}


def _seen_digest(live: Live, generation: Generation) -> str | None:
    """Of the key beside the live certificate, which was just compared with it."""
    is_seen = live.facts is not None and live.problem is None and generation.number == live.generation
    return live.facts.public_key_sha256 if is_seen and live.facts and generation.has_key else None


def _digest(store: Store, name: str, generation: Generation) -> str | None:
    with contextlib.suppress(InkanError):  # an unreadable key is no key
        key = store.read(name, generation.number, KEY) if generation.has_key else None
        return public_key_sha256(key, trusted=True) if key is not None else None
    return None


def _csr_sha256(store: Store, name: str, number: int) -> str | None:
    with contextlib.suppress(InkanError):
        csr = store.read(name, number, CSR)
        return csr_facts(csr, check_signature=False).csr_sha256 if csr is not None else None
    return None


def _recipient(store: Store, name: str) -> str | None:
    private = store.read_recipient(name)
    with contextlib.suppress(InkanError):
        return base64.b64encode(recipient_public(private)).decode("ascii") if private is not None else None
    return None


def _must_read(store: Store, name: str, number: int, file: str) -> bytes:
    content = store.read(name, number, file)
    if content is None:
        raise _broken(store, name, number, f"{file} is missing")
    return content


def _broken(store: Store, name: str, number: int, why: str) -> LocalError:
    return LocalError(
        code="live_broken",
        what="The live certificate cannot be served",
        where=f"{store.path}/{name}, generation {number}",
        why=why,
        todo="Roll back to a sound generation, or order anew",
    )


# -- what is served ---------------------------------------------------------------------------------------------------


class Shown(t.NamedTuple):
    pem: str
    facts: CertificateFacts


def probe_all(
    probes: t.Sequence[Probe], handshake: Handshake, timeout: float, executor: Executor
) -> dict[str, Shown | InkanError]:
    """By name: the certificate that the server shows, or why none could be seen."""

    def probe(one: Probe) -> Shown | InkanError:
        try:
            pem = join_pem(handshake(one.address, one.port, one.server_name, timeout))
            return Shown(pem, certificate_facts(pem, where=f"{one.address}:{one.port}"))
        except InkanError as error:
            return error

    return {one.name: seen for one, seen in zip(probes, executor.map(probe, probes))}


def add_served(item: ItemResult, probe: Probe, shown: Shown | InkanError) -> None:
    """Set RV(results[].served) or RV(results[].served_error)."""
    if isinstance(shown, InkanError):
        item.extra["served_error"] = shown.sentence()
        return
    seen = shown.facts
    live = item.extra.get("live") or {}
    item.extra["served"] = {
        "address": probe.address,
        "port": probe.port,
        "serial": seen.serial,
        "not_before": iso(seen.not_before),
        "not_after": iso(seen.not_after),
        "common_name": seen.common_name,
        "dns_names": list(seen.dns_names),
        "key_type": seen.key_type,
        "certificate": shown.pem,
        "certificate_sha256": seen.certificate_sha256,
        "matches_live": seen.certificate_sha256 == live.get("certificate_sha256"),
    }
