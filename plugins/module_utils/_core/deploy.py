# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a certificate live on a host: what is wished, and what to do with a generation, given facts. Pure.

    facts of the store ──▶ placement()   where the new set goes: keep, add to a staged generation, make a new one
    facts of live, journal, copies, service ──▶ next_move()   keep, or switch, reload and prove
    the proof that failed ──▶ after_failure()   back to the generation before, or stay and say so

The journal of a switch names the generation that is left and the one that is entered. It is written before the
first effect and cleared after the last, so a run that is killed anywhere leaves the word that its successor needs:

    no journal, live = target, service serves it          nothing to do
    journal, live = from      killed before the rename     switch again
    journal, live = to        killed after it              copies, reload, proof again; none of them hurts twice

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

#: The public files of a generation, in the order they are written: cert.pem last, so that it vouches for the others.
PUBLIC_FILES = ("chain.pem", "fullchain.pem", "cert.pem")


@dataclass(frozen=True)
class ByName:
    name: str


@dataclass(frozen=True)
class ByCommand:
    argv: tuple[str, ...]


@dataclass(frozen=True)
class BySignal:
    pid_file: str
    signal: str


Reload = t.Union[ByName, ByCommand, BySignal]


class Content(enum.Enum):
    """What a copy holds. COMBINED is fullchain and private key in one file (HAProxy)."""

    PRIVKEY = "privkey"
    CERT = "cert"
    CHAIN = "chain"
    FULLCHAIN = "fullchain"
    COMBINED = "combined"

    @property
    def is_private(self) -> bool:
        return self in (Content.PRIVKEY, Content.COMBINED)


@dataclass(frozen=True)
class Standing:
    """Who owns a file and who may use it; None: as it comes (a new file belongs to the user who runs the module)."""

    owner: str | None
    group: str | None
    mode: int


@dataclass(frozen=True)
class CopyWish:
    path: str
    content: Content
    standing: Standing


@dataclass(frozen=True)
class Look:
    """Where the service is asked for what it serves. server_name None: a name of the certificate is asked for."""

    address: str
    port: int
    server_name: str | None
    timeout: float


@dataclass(frozen=True)
class DeployWish:
    """access: owner, group, mode of the private key in the store, None: the store stays private to its owner."""

    reload: Reload | None = None
    access: Standing | None = None
    copies: tuple[CopyWish, ...] = ()
    post_check: tuple[str, ...] | None = None
    look: Look | None = None


@dataclass(frozen=True)
class Wish:
    """One item. certificate None: known only after the order (check mode)."""

    name: str
    deploy: DeployWish = DeployWish()
    certificate: str | None = None
    chain: tuple[str, ...] = ()
    public_key_sha256: str | None = None
    dns_names: tuple[str, ...] = ()
    sealed_key: bytes | None = None
    to_serial: str | None = None


# -- where a verified set goes ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """What a generation holds: the digest of its key's public half (None: no key), and its public files."""

    number: int
    public_key_sha256: str | None
    files: t.Mapping[str, bytes]


class Place(enum.Enum):
    KEEP = enum.auto()  # all is there
    ADD = enum.auto()  # the public files beside the staged key
    COPY = enum.auto()  # a new generation with the key of another one: the set of a live generation is never touched
    OPEN = enum.auto()  # a new generation with the key that was sealed to this host
    NO_KEY = enum.auto()  # neither here nor sealed to us


@dataclass(frozen=True)
class Placement:
    """number: the generation meant (KEEP, ADD) or the one whose key is taken (COPY); files: what is to be written."""

    place: Place
    number: int | None = None
    files: t.Mapping[str, bytes] | None = None


def public_files(certificate: str, chain: t.Sequence[str]) -> dict[str, bytes]:
    """chain.pem, fullchain.pem and cert.pem of normalized PEM texts."""
    chain_text = "".join(chain)
    texts = {"chain.pem": chain_text, "fullchain.pem": certificate + chain_text, "cert.pem": certificate}
    return {name: texts[name].encode("ascii") for name in PUBLIC_FILES}


def placement(
    held: t.Sequence[Held], key: str, files: t.Mapping[str, bytes], live: int | None, *, sealed: bool
) -> Placement:
    """Where the set ``files`` of the key with the digest ``key`` goes; the newest generation that fits wins."""
    with_key = [one for one in sorted(held, key=lambda one: -one.number) if one.public_key_sha256 == key]
    for one in with_key:
        if dict(one.files) == dict(files):
            return Placement(Place.KEEP, one.number)
    for one in with_key:
        if one.number != live and all(files.get(name) == content for name, content in one.files.items()):
            missing = {name: files[name] for name in files if name not in one.files}
            return Placement(Place.ADD, one.number, missing)
    if with_key:
        return Placement(Place.COPY, with_key[0].number, files)
    return Placement(Place.OPEN, None, files) if sealed else Placement(Place.NO_KEY)


# -- what is to be done with the live one -----------------------------------------------------------------------------


class Served(enum.Enum):
    """What the service answered to the look before anything was done."""

    NOT_ASKED = "not_asked"
    RIGHT = "right"
    OTHER = "other"
    SILENT = "silent"


@dataclass(frozen=True)
class Passage:
    """The journal of a switch. answered: whether the service answered before it (None: it was not asked)."""

    back_to: int | None
    to: int
    answered: bool | None = None


@dataclass(frozen=True)
class Facts:
    """live: the generation that is live; misplaced: a copy or an access right is not as wished."""

    live: int | None
    journal: Passage | None = None
    misplaced: bool = False
    served: Served = Served.NOT_ASKED


@dataclass(frozen=True)
class Move:
    """Enter generation ``to``; if the proof fails go back to ``back_to`` (None: there is nothing to go back to)."""

    to: int
    back_to: int | None
    answered: bool | None

    @property
    def passage(self) -> Passage:
        return Passage(self.back_to, self.to, self.answered)


def next_move(facts: Facts, target: int) -> Move | None:
    """None: the target is live, in place and served; else what to do. Total over all facts."""
    if facts.journal is None:
        settled = facts.live == target and not facts.misplaced
        if settled and facts.served in (Served.NOT_ASKED, Served.RIGHT):
            return None
        back_to = facts.live if facts.live != target else None
        return Move(target, back_to, _answered(facts.served))
    before = facts.journal
    # A killed run never proved where it went: what it left is the last generation known to be good.
    back_to = before.back_to if facts.live == before.to else facts.live
    answered = before.answered or _answered(facts.served)
    return Move(target, back_to if back_to != target else None, answered)


def _answered(served: Served) -> bool | None:
    return None if served is Served.NOT_ASKED else served is not Served.SILENT


def goes_back(move: Move) -> bool:
    """After a failed proof: back, unless there is nothing to go back to, or the service was silent before as well.

    A service that did not answer before says nothing against the new certificate, and the old one would not wake it.
    """
    return move.back_to is not None and move.answered is not False


# -- which generation a rollback means --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Past:
    """A generation with key and certificate."""

    number: int
    serial: str
    is_expired: bool


def rollback_target(
    past: t.Sequence[Past], live: int | None, to_serial: str | None, journal: Passage | None = None
) -> int | None:
    """The generation to go back to: that of ``to_serial``, else the newest below live that has not expired.

    A killed rollback, seen by its journal, is finished, not repeated one generation further down.
    """
    if to_serial is None and journal is not None and journal.to == live and (journal.back_to or 0) > journal.to:
        return live
    fit = sorted((one for one in past if not one.is_expired), key=lambda one: -one.number)
    if to_serial is not None:
        return next((one.number for one in fit if one.serial == to_serial), None)
    return next((one.number for one in fit if live is not None and one.number < live), None)


def never_pruned(live: int, back_to: int | None, held: t.Sequence[tuple[int, bool]]) -> frozenset[int]:
    """Generations that pruning must leave: live, its predecessor, staged keys (an order may be open), newer ones.

    held: (number, has a certificate).
    """
    kept = {number for number, has_certificate in held if number > live or not has_certificate}
    if back_to is None:  # it was live before this run: what it once came from is the newest below it
        back_to = max((number for number, has_certificate in held if number < live and has_certificate), default=live)
    return frozenset(kept | {live, back_to})


def server_name_of(dns_names: t.Sequence[str]) -> str | None:
    """A name to ask a service for: the first plain one, else a name that the first wildcard covers."""
    plain = [name for name in dns_names if not name.startswith("*.")]
    if plain:
        return plain[0]
    return f"www.{dns_names[0][2:]}" if dns_names else None


def copy_content(content: Content, files: t.Mapping[str, bytes]) -> bytes:
    """The bytes of a copy from the files of a generation; ``files`` holds privkey.pem and the public files."""
    if content is Content.COMBINED:
        return files["fullchain.pem"] + files["privkey.pem"]
    return files[f"{content.value}.pem"]
