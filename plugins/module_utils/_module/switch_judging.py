# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch has to know of an item before it acts: where it goes, what is there, what is served.

Nothing is changed here. ``Judge.judge`` gathers the facts and lets ``_core.deploy`` decide; the rest are looks that
the switch itself takes again on its way.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import (
    PUBLIC_FILES,
    DeployWish,
    Facts,
    Move,
    Passage,
    Past,
    Place,
    Reload,
    Served,
    Wish,
    copy_content,
    next_move,
    placement,
    rollback_target,
    server_name_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import Copy, is_granted, misplaced, unusable_place
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor, SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, System, owner_ids
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import Handshake, fingerprint
from ansible_collections.inkan.tls.plugins.module_utils._io.store import CERTIFICATE, KEY, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.placing import held_generations, read_given
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    certificate_facts,
    join_pem,
    split_pem,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment


class ServicePort(t.Protocol):
    def reload(self, how: Reload, *, start: bool = False) -> None: ...

    def check(self, argv: t.Sequence[str]) -> None: ...


@dataclass(frozen=True)
class Ports:
    """The outside of a deployment. clock: real for waiting; its ``now`` may be moved. executor: for what waits for the
    disk, each certificate in a place of its own."""

    store: Store
    service: ServicePort
    look: Handshake
    clock: Clock
    system: System = SYSTEM
    executor: Executor = field(default_factory=SerialExecutor)


@dataclass
class Work:
    """An item on its way. target None: known only after the order (check mode)."""

    index: int
    wish: Wish
    target: int | None = None
    leaf: CertificateFacts | None = None
    move: Move | None = None
    live_before: int | None = None
    served_serial: str | None = None
    failure: InkanError | None = None
    error: InkanError | None = None
    outcome: str = "kept"
    changed: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def deploy(self) -> DeployWish:
        return self.wish.deploy


@dataclass(frozen=True)
class Direction:
    """What tells a rollback from a switch: its words, and how its target is found."""

    is_rollback: bool
    keep_generations: int

    @property
    def done(self) -> str:
        return "rolled_back" if self.is_rollback else "switched"

    @property
    def undone(self) -> str:
        return "kept" if self.is_rollback else "rolled_back"


class Judge:
    """check_mode: what verify would have put into the store need not be there."""

    def __init__(self, ports: Ports, direction: Direction, check_mode: bool) -> None:
        self._ports = ports
        self._store = ports.store
        self._direction = direction
        self._check_mode = check_mode

    def judge(self, work: Work, *, is_last: bool) -> None:
        """is_last: nobody looks again before the switch, so the generation is verified."""
        with self._store.looking(work.wish.name):
            self._judge(work, is_last)

    def _judge(self, work: Work, is_last: bool) -> None:
        work.outcome, work.changed, work.move, work.error = "kept", False, None, None
        try:
            work.live_before = self._store.live(work.wish.name)
            work.target = self._rollback_target(work) if self._direction.is_rollback else self._switch_target(work)
            if work.target is None:
                work.outcome, work.changed = self._direction.done, True
                return
            self._judge_places(work.deploy)
            self._judge_move(work, work.target, is_last)
        except InkanError as error:
            work.error, work.outcome, work.changed, work.move = error, "refused", False, None

    def _switch_target(self, work: Work) -> int | None:
        if work.wish.certificate is None:
            return None
        given = read_given(work.wish)
        held = held_generations(self._store, work.wish.name)
        place = placement(held, given.public_key_sha256, given.files, work.live_before, sealed=False)
        if place.place is Place.KEEP:
            return place.number
        if self._check_mode:
            work.leaf = certificate_facts(given.certificate)
            return None
        raise LocalError(
            code="not_verified",
            what="Cannot switch to the certificate",
            where=f"{self._store.path}/{work.wish.name}",
            why="no generation on this host holds it with its key and chain",
            todo="Run certificate_deployments with state=verify first",
        )

    def _rollback_target(self, work: Work) -> int:
        name, live = work.wish.name, work.live_before
        target = rollback_target(self._past(name), live, work.wish.to_serial, self._passage(name))
        if target is None:
            wanted = f"with the serial {work.wish.to_serial}" if work.wish.to_serial else f"before generation {live}"
            raise LocalError(
                code="no_previous_generation",
                what="Cannot roll back",
                where=f"{self._store.path}/{name}",
                why=f"there is no generation {wanted} whose certificate has not expired",
                todo="Issue a new certificate instead",
            )
        return target

    def _passage(self, name: str) -> Passage | None:
        journal = self._store.read_journal(name)
        return Passage(journal.previous, journal.target, journal.answered) if journal else None

    def _past(self, name: str) -> list[Past]:
        now, past = self._ports.clock.now(), []
        for generation in self._store.generations(name):
            if generation.has_key and generation.has_certificate:
                with contextlib.suppress(InkanError):
                    facts = self.facts(name, generation.number)
                    past.append(Past(generation.number, facts.serial, facts.not_after < now))
        return past

    def _judge_places(self, deploy: DeployWish) -> None:
        reasons = [why for copy in deploy.copies for why in [unusable_place(copy, self._store.path)] if why]
        if reasons:
            raise LocalError(
                code="copy_path_unusable",
                what="Cannot write the copies",
                where=", ".join(copy.path for copy in deploy.copies),
                why="; ".join(reasons),
                todo="Correct the paths and owners, or make the directories first",
            )
        if deploy.access is not None:
            owner_ids(deploy.access.owner, deploy.access.group, where="deploy")

    def _judge_move(self, work: Work, target: int, is_last: bool) -> None:
        name = work.wish.name
        work.leaf = self.facts(name, target)
        facts = Facts(
            live=work.live_before,
            journal=self._passage(name),
            misplaced=self._is_misplaced(work, target),
            served=self._served(work),
        )
        work.move = next_move(facts, target)
        work.changed = work.move is not None or self._store.read_recipient(name) is not None
        if work.move is not None:
            work.outcome = self._direction.done
            if is_last and target != work.live_before:
                self._verify(work, target)

    def _verify(self, work: Work, target: int) -> None:
        """The last look, at what is really in the generation: between verify and switch days may have passed."""
        files, key = self._files(work.wish.name, target), self._store.read(work.wish.name, target, KEY)
        work.leaf = verify_deployment(
            files["cert.pem"].decode("ascii", "replace"),
            split_pem(files["chain.pem"].decode("ascii", "replace")),
            public_key_sha256=work.leaf.public_key_sha256 if work.leaf else "",
            private_key_pem=key,
            dns_names=work.wish.dns_names,
            now=self._ports.clock.now(),
        )

    def _is_misplaced(self, work: Work, generation: int) -> bool:
        return self.lacks_access(work, generation) or bool(misplaced(self.copies(work, generation)))

    def _served(self, work: Work) -> Served:
        if work.deploy.look is None:
            return Served.NOT_ASKED
        der = self.look(work, work.deploy.look.timeout)
        if der is None:
            return Served.SILENT
        return Served.RIGHT if work.leaf and fingerprint(der) == work.leaf.certificate_sha256 else Served.OTHER

    # -- looking at the service --------------------------------------------------------------------------------------

    def look(self, work: Work, timeout: float) -> bytes | None:
        """What the service serves now (DER), or None; its serial, or the reason of its silence, is kept."""
        look = work.deploy.look
        if look is None:
            return None
        name = look.server_name or server_name_of(work.leaf.dns_names if work.leaf else ())
        try:
            der = self._ports.look(look.address, look.port, name, timeout)
        except InkanError as error:
            work.served_serial = None
            work.notes.append(error.sentence())
            return None
        work.served_serial = _serial(der)
        work.notes.append(f"it serves the certificate with the serial {work.served_serial or '(unreadable)'}")
        return der

    # -- looking at the store ----------------------------------------------------------------------------------------

    def facts(self, name: str, generation: int) -> CertificateFacts:
        return certificate_facts((self._store.read(name, generation, CERTIFICATE) or b"").decode("ascii", "replace"))

    def _files(self, name: str, generation: int) -> dict[str, bytes]:
        return {file: self._store.read(name, generation, file) or b"" for file in PUBLIC_FILES}

    def copies(self, work: Work, generation: int) -> list[Copy]:
        if not work.deploy.copies:
            return []
        files = self._files(work.wish.name, generation)
        files[KEY] = self._store.read(work.wish.name, generation, KEY) or b""
        return [Copy(wish, copy_content(wish.content, files)) for wish in work.deploy.copies]

    def lacks_access(self, work: Work, generation: int) -> bool:
        """Whether those who are to read the key of the generation cannot."""
        access, item = work.deploy.access, f"{self._store.path}/{work.wish.name}"
        inside = f"{item}/generations/{generation:04d}"
        folders = [self._store.path, item, f"{item}/generations", inside]
        return access is not None and not is_granted(folders, f"{inside}/{KEY}", access)

    def live_now(self, work: Work) -> tuple[int | None, CertificateFacts | None]:
        live = None
        with contextlib.suppress(InkanError), self._store.looking(work.wish.name):
            live = self._store.live(work.wish.name)
            return live, self.facts(work.wish.name, live) if live is not None else None
        return live, None


def _serial(der: bytes) -> str | None:
    with contextlib.suppress(InkanError):
        return certificate_facts(join_pem(der)).serial
    return None
