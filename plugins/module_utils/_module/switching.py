# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch: a verified generation becomes live, its service takes it and proves it, or the one before comes back.

    look ─▶ journal ─▶ rename of live ─▶ copies ─▶ one reload for all that share it ─▶ handshake, post-check
                                                                                         │
            clear the journal ◀── prune, forget the recipient key ◀── proven ────────────┤
            clear the journal ◀── copies and live as before, reload again ◀── not proven ┘

Items that share a way of reloading are switched together and reloaded once. If that reload fails, all of them go back
and each is tried by itself: a certificate that a server cannot stomach takes no other one down.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

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
    goes_back,
    never_pruned,
    next_move,
    placement,
    rollback_target,
    server_name_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import (
    Copy,
    is_granted,
    misplaced,
    unusable_place,
    write_copies,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, System, owner_ids
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import Handshake, fingerprint
from ansible_collections.inkan.tls.plugins.module_utils._io.store import KEY, Journal, Store
from ansible_collections.inkan.tls.plugins.module_utils._module.adopting import adopt
from ansible_collections.inkan.tls.plugins.module_utils._module.placing import held_generations, read_given
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import (
    CertificateFacts,
    certificate_facts,
    iso,
    join_pem,
    split_pem,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment

#: A server that got a signal needs a moment to start its new workers.
_PAUSE = 0.2
#: A lock keeps two files open; 1024 are possible for a process of an ordinary user.
_MAX_GROUP = 200


class ServicePort(t.Protocol):
    def reload(self, how: Reload, *, start: bool = False) -> None: ...

    def check(self, argv: t.Sequence[str]) -> None: ...


@dataclass(frozen=True)
class Ports:
    """The outside of a switch. clock: real for waiting; its ``now`` may be moved."""

    store: Store
    service: ServicePort
    look: Handshake
    clock: Clock
    system: System = SYSTEM


@dataclass
class _Work:
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


def bring_live(
    ports: Ports, wishes: t.Sequence[Wish], direction: Direction, check_mode: bool
) -> tuple[list[ItemResult], list[Diff]]:
    """Results 1:1 and diffs of all items; only bugs are raised."""
    return _Switch(ports, direction, check_mode).run(wishes)


class _Switch:
    def __init__(self, ports: Ports, direction: Direction, check_mode: bool) -> None:
        self._ports = ports
        self._store = ports.store
        self._direction = direction
        self._check_mode = check_mode
        self._diffs: list[Diff] = []

    def run(self, wishes: t.Sequence[Wish]) -> tuple[list[ItemResult], list[Diff]]:
        works = [_Work(index, wish) for index, wish in enumerate(wishes)]
        for work in works:
            self._judge(work)
        moving = [work for work in works if work.changed and work.error is None]
        self._diffs = [self._diff(work) for work in moving]
        if not self._check_mode:
            for group in _groups(moving):
                self._run_locked(group)
        return [self._result(work) for work in works], self._diffs

    def _run_locked(self, group: t.Sequence[_Work]) -> None:
        """Be alone with the names, look again (the first look had no lock), then act."""
        with contextlib.ExitStack() as locks:
            for work in sorted(group, key=lambda work: work.wish.name):  # one order for all: nobody waits in a ring
                try:
                    locks.enter_context(self._store.lock(work.wish.name))
                except InkanError as error:
                    work.error, work.outcome, work.changed, work.move = error, "refused", False, None
                else:
                    self._judge(work)
            self._run_group([work for work in group if work.changed and work.error is None])

    # -- judging: nothing is changed here ---------------------------------------------------------------------------

    def _judge(self, work: _Work) -> None:
        work.outcome, work.changed, work.move, work.error = "kept", False, None, None
        try:
            work.live_before = self._store.live(work.wish.name)
            work.target = self._rollback_target(work) if self._direction.is_rollback else self._switch_target(work)
            if work.target is None:
                work.outcome, work.changed = self._direction.done, True
                return
            self._judge_places(work.deploy)
            self._judge_move(work, work.target)
        except InkanError as error:
            work.error, work.outcome, work.changed, work.move = error, "refused", False, None

    def _switch_target(self, work: _Work) -> int | None:
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

    def _rollback_target(self, work: _Work) -> int:
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
                    facts = self._facts(name, generation.number)
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

    def _judge_move(self, work: _Work, target: int) -> None:
        name = work.wish.name
        work.leaf = self._facts(name, target)
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
            if target != work.live_before:
                self._verify(work, target)

    def _verify(self, work: _Work, target: int) -> None:
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

    def _is_misplaced(self, work: _Work, generation: int) -> bool:
        access = work.deploy.access
        if access is not None and not is_granted(*self._key_path(work.wish.name, generation), access):
            return True
        return bool(misplaced(self._copies(work, generation)))

    def _served(self, work: _Work) -> Served:
        if work.deploy.look is None:
            return Served.NOT_ASKED
        der = self._look(work, work.deploy.look.timeout)
        if der is None:
            return Served.SILENT
        return Served.RIGHT if work.leaf and fingerprint(der) == work.leaf.certificate_sha256 else Served.OTHER

    # -- doing ------------------------------------------------------------------------------------------------------

    def _run_group(self, group: t.Sequence[_Work]) -> None:
        """Switch all, reload once, prove each; what is not proven goes back."""
        entered = [work for work in group if self._enter(work)]
        since = self._ports.clock.monotonic()
        failure = self._reload(entered)
        if failure is not None and len(entered) > 1:
            self._one_by_one(entered)
            return
        for work in entered:
            work.failure = failure or self._prove(work, since)
        self._go_back([work for work in entered if work.failure is not None])
        for work in entered:
            if work.failure is None:
                self._settle(work)

    def _one_by_one(self, works: t.Sequence[_Work]) -> None:
        """The shared reload failed: whose fault was it? Back to the state before, then each by itself."""
        for work in works:
            self._leave(work)
        for work in works:
            self._run_group([work])

    def _enter(self, work: _Work) -> bool:
        """Journal, rename, copies. On an error of this host the item is put back and left out of the reload."""
        if work.move is None:
            self._settle(work)  # only a recipient key was left behind
            return False
        try:
            move = work.move = self._with_a_way_back(work, work.move)
            journal = Journal(move.back_to, move.to, self._ports.clock.now(), move.answered)
            self._store.write_journal(work.wish.name, journal)
            self._place(work, move.to)
        except InkanError as error:
            self._leave(work)  # the journal stays: the next run switches again, and reloads
            work.error, work.outcome = error, "unproven"
            return False
        return True

    def _with_a_way_back(self, work: _Work, move: Move) -> Move:
        """The first deployment has one only if a pair lies where its copies go: it becomes a generation."""
        if move.back_to is not None or work.live_before is not None:
            return move
        found = adopt(self._store, work.wish.name, work.deploy.copies)
        return replace(move, back_to=found if found != move.to else None)

    def _place(self, work: _Work, generation: int) -> None:
        name, access = work.wish.name, work.deploy.access
        if access is not None and not is_granted(*self._key_path(name, generation), access):
            uid, gid = owner_ids(access.owner, access.group, where=name)
            self._store.set_access(name, generation, mode=access.mode, uid=uid, gid=gid)
        self._store.switch(name, generation)
        write_copies(self._copies(work, generation), system=self._ports.system)

    def _leave(self, work: _Work) -> InkanError | None:
        """Put the generation before back in its place; the error if even that fails."""
        if work.move is None or work.move.back_to is None:
            return None
        try:
            self._place(work, work.move.back_to)
        except InkanError as error:
            return error
        return None

    def _reload(self, works: t.Sequence[_Work], *, start: bool = False) -> InkanError | None:
        reload = works[0].deploy.reload if works else None
        if reload is None:
            return None
        try:
            self._ports.service.reload(reload, start=start)
        except InkanError as error:
            return error
        return None

    def _prove(self, work: _Work, since: float) -> InkanError | None:
        """The service serves exactly the new certificate, and the user's own check agrees."""
        if not self._is_served_by(work, since):
            return RefusedError(
                code="other_certificate_served",
                what="The service does not serve the certificate",
                where=_place_of(work),
                why=work.notes[-1] if work.notes else "it did not answer",
                todo="Check which files its configuration names, and what it logs",
                retryable=True,
            )
        if work.deploy.post_check is not None:
            try:
                self._ports.service.check(work.deploy.post_check)
            except InkanError as error:
                return error
        return None

    def _is_served_by(self, work: _Work, since: float) -> bool:
        """Look until the deadline: after a signal old workers answer for a moment."""
        look, clock = work.deploy.look, self._ports.clock
        if look is None:
            return True
        while True:
            left = since + look.timeout - clock.monotonic()
            der = self._look(work, max(left, 1.0))
            if der is not None and work.leaf is not None and fingerprint(der) == work.leaf.certificate_sha256:
                return True
            if left <= 0:
                return False
            clock.sleep(min(_PAUSE, left))

    def _look(self, work: _Work, timeout: float) -> bytes | None:
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

    # -- after the proof --------------------------------------------------------------------------------------------

    def _go_back(self, works: t.Sequence[_Work]) -> None:
        """One reload for all that go back; those that stay keep their journal, so the next run tries again."""
        back = [work for work in works if work.move is not None and goes_back(work.move)]
        for work in works:
            work.error = self._unproven(work)
            work.outcome = "unproven"
        trouble = {work.index: self._leave(work) for work in back}
        failure = self._reload(back, start=True) if back else None
        since = self._ports.clock.monotonic()
        for work in back:
            self._went_back(work, trouble[work.index] or failure, since)

    def _went_back(self, work: _Work, trouble: InkanError | None, since: float) -> None:
        if trouble is not None:
            work.error = self._stuck(work, trouble)
            return
        if work.move is None or work.move.back_to is None:
            return
        try:
            work.leaf = self._facts(work.wish.name, work.move.back_to)
            served = self._is_served_by(work, since)
            self._store.clear_journal(work.wish.name)
        except InkanError as error:
            work.error = self._stuck(work, error)
            return
        work.error = self._came_back(work, served)
        work.outcome = self._direction.undone

    def _settle(self, work: _Work) -> None:
        """Proven: what only served the passage is removed, the journal last."""
        name = work.wish.name
        try:
            self._store.remove_recipient(name)
            if work.move is None:
                return
            if not self._direction.is_rollback:
                held = [(one.number, one.has_certificate) for one in self._store.generations(name)]
                spared = never_pruned(work.move.to, work.move.back_to, held)
                self._store.prune(name, self._direction.keep_generations, spared)
            self._store.clear_journal(name)
        except InkanError as error:  # the certificate is live and proven; the next run cleans up
            work.error = error

    def _unproven(self, work: _Work) -> InkanError:
        return LocalError(
            code="service_unproven",
            what="The certificate is live on disk, but its service does not prove it",
            where=_place_of(work),
            why=_sentence(work.failure),
            todo="Start or mend the service and run again: the next run reloads and proves it",
            retryable=True,
            did_change=True,
        )

    def _came_back(self, work: _Work, served: bool) -> InkanError:
        code = "rollback_undone" if self._direction.is_rollback else "rolled_back"
        after = "its service serves it" if served else "its service does not prove it: " + (work.notes or [""])[-1]
        return RefusedError(
            code=code,
            what="The certificate was not proven, the one before is live again",
            where=_place_of(work),
            why=f"{_sentence(work.failure)} Generation {work.move.back_to if work.move else None} is live, and {after}",
            todo="Mend what the reason names and run again",
            did_change=True,
        )

    def _stuck(self, work: _Work, trouble: InkanError) -> InkanError:
        return LocalError(
            code="rollback_incomplete",
            what="The certificate was not proven, and the way back was not clean either",
            where=_place_of(work),
            why=f"{_sentence(work.failure)} Then: {_sentence(trouble)}",
            todo="Mend what the reasons name and run again: the next run finishes the switch or the way back",
            retryable=True,
            did_change=True,
        )

    # -- reading ----------------------------------------------------------------------------------------------------

    def _facts(self, name: str, generation: int) -> CertificateFacts:
        return certificate_facts(self._files(name, generation)["cert.pem"].decode("ascii", "replace"))

    def _files(self, name: str, generation: int) -> dict[str, bytes]:
        return {file: self._store.read(name, generation, file) or b"" for file in PUBLIC_FILES}

    def _copies(self, work: _Work, generation: int) -> list[Copy]:
        if not work.deploy.copies:
            return []
        files = self._files(work.wish.name, generation)
        files[KEY] = self._store.read(work.wish.name, generation, KEY) or b""
        return [Copy(wish, copy_content(wish.content, files)) for wish in work.deploy.copies]

    def _key_path(self, name: str, generation: int) -> tuple[list[str], str]:
        item = f"{self._store.path}/{name}"
        inside = f"{item}/generations/{generation:04d}"
        return [self._store.path, item, f"{item}/generations", inside], f"{inside}/{KEY}"

    # -- telling ----------------------------------------------------------------------------------------------------

    def _result(self, work: _Work) -> ItemResult:
        live, leaf = self._live_now(work)
        if self._check_mode and work.changed and work.error is None:
            shown, leaf = work.target, work.leaf
        else:
            shown = live
        extra = {
            "generation": shown,
            "previous": work.live_before if work.move and work.move.to != work.live_before else None,
            "serial": leaf.serial if leaf else None,
            "not_after": iso(leaf.not_after) if leaf else None,
            "served_serial": work.served_serial,
        }
        state = "absent" if live is None else "live"
        return ItemResult(work.wish.name, work.outcome, state, work.changed, work.error, extra)

    def _live_now(self, work: _Work) -> tuple[int | None, CertificateFacts | None]:
        live = None
        with contextlib.suppress(InkanError):
            live = self._store.live(work.wish.name)
            return live, self._facts(work.wish.name, live) if live is not None else None
        return live, None

    def _diff(self, work: _Work) -> Diff:
        before = ""
        if work.live_before is not None:
            with contextlib.suppress(InkanError):
                before = _described(work.live_before, self._facts(work.wish.name, work.live_before))
        after = _described(work.target, work.leaf)
        if work.move is not None and work.target is not None:
            wrong = misplaced(self._copies(work, work.target))
            after += "".join(f"write: {copy.wish.path} ({copy.wish.content.value})\n" for copy in wrong)
            after += "reload: yes\n" if work.deploy.reload is not None else ""
        return Diff(f"{work.wish.name}: live", before, after)


def _groups(works: t.Sequence[_Work]) -> list[list[_Work]]:
    """Works that share a way of reloading, in the order of the options; bounded, for each holds a lock open."""
    groups: dict[Reload | None, list[_Work]] = {}
    for work in works:
        if work.target is not None:
            groups.setdefault(work.deploy.reload, []).append(work)
    return [
        group[start : start + _MAX_GROUP] for group in groups.values() for start in range(0, len(group), _MAX_GROUP)
    ]


def _described(generation: int | None, leaf: CertificateFacts | None) -> str:
    if leaf is None:
        return "certificate: known_after_order\n"
    number = "new" if generation is None else str(generation)
    names = ", ".join(leaf.dns_names)
    return f"generation: {number}\nserial: {leaf.serial}\nnot_after: {iso(leaf.not_after)}\ndns_names: {names}\n"


def _serial(der: bytes) -> str | None:
    with contextlib.suppress(InkanError):
        return certificate_facts(join_pem(der)).serial
    return None


def _place_of(work: _Work) -> str:
    look = work.deploy.look
    served = f", asked at {look.address}:{look.port}" if look else ""
    return f"item {work.wish.name!r}, generation {work.move.to if work.move else work.target}{served}"


def _sentence(error: InkanError | None) -> str:
    return error.sentence() if error is not None else ""
