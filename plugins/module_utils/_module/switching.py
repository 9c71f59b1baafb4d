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
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import Move, Reload, Wish, goes_back, never_pruned
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import write_copies
from ansible_collections.inkan.tls.plugins.module_utils._io.files import owner_ids
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import fingerprint
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Journal
from ansible_collections.inkan.tls.plugins.module_utils._module.adopting import adopt
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._module.switch_judging import Direction, Judge, Ports, Work
from ansible_collections.inkan.tls.plugins.module_utils._module.switch_telling import (
    came_back,
    diff_of,
    place_of,
    result_of,
    stuck,
    unproven,
)

#: A server that got a signal needs a moment to start its new workers.
_PAUSE = 0.2
#: A lock keeps a file open, and a process of an ordinary user may have 1024 of them.
_MAX_GROUP = 200


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
        self._judge = Judge(ports, direction, check_mode)

    def run(self, wishes: t.Sequence[Wish]) -> tuple[list[ItemResult], list[Diff]]:
        works = [Work(index, wish) for index, wish in enumerate(wishes)]
        for work in works:
            self._judge.judge(work, is_last=self._check_mode)
        moving = [work for work in works if work.changed and work.error is None]
        diffs = {work.index: diff_of(self._judge, work) for work in moving}
        if not self._check_mode:
            for group in _groups(moving):
                self._run_locked(group)
        told = [diffs[work.index] for work in moving if work.outcome != "refused"]
        return [result_of(self._judge, work, self._check_mode) for work in works], told

    def _run_locked(self, group: t.Sequence[Work]) -> None:
        """Be alone with the names, look again (the first look had no lock), then act."""
        with contextlib.ExitStack() as locks:
            for work in sorted(group, key=lambda work: work.wish.name):  # one order for all: nobody waits in a ring
                try:
                    with self._store.looking(work.wish.name):
                        locks.enter_context(self._store.lock(work.wish.name))
                        self._judge.judge(work, is_last=True)
                except InkanError as error:
                    work.error, work.outcome, work.changed, work.move = error, "refused", False, None
            self._run_group([work for work in group if work.changed and work.error is None])

    # -- doing ------------------------------------------------------------------------------------------------------

    def _run_group(self, group: t.Sequence[Work]) -> None:
        """Switch all, reload once, prove each; what is not proven goes back."""
        came_in = self._ports.executor.map(self._enter, group)
        entered = [work for work, is_in in zip(group, came_in) if is_in]
        failure = self._reload(entered)
        if failure is not None and len(entered) > 1:
            self._one_by_one(entered)
            return
        since = self._ports.clock.monotonic()
        for work in entered:
            work.failure = failure or self._prove(work, since)
        self._go_back([work for work in entered if work.failure is not None])
        self._ports.executor.map(self._settle, [work for work in entered if work.failure is None])

    def _one_by_one(self, works: t.Sequence[Work]) -> None:
        """The shared reload failed: whose fault was it? Back to the state before, then each by itself."""
        for work in works:
            self._leave(work)
        for work in works:
            self._run_group([work])

    def _enter(self, work: Work) -> bool:
        """Journal, rename, copies; or False, with the error of this host that left the item out of the reload."""
        with self._store.looking(work.wish.name):
            return self._entered(work)

    def _entered(self, work: Work) -> bool:
        if work.move is None:
            self._settle(work)  # only a recipient key was left behind
            return False
        try:
            move = work.move = self._with_a_way_back(work, work.move)
            journal = Journal(move.back_to, move.to, self._ports.clock.now(), move.answered)
            self._store.write_journal(work.wish.name, journal)
        except InkanError as error:
            work.error, work.outcome, work.changed = error, "refused", False
            return False
        try:
            self._place(work, move.to)
        except InkanError as error:
            trouble = self._leave(work)  # the journal stays: the next run switches again, and reloads
            work.error = stuck(work, error, trouble) if trouble else error
            work.outcome = self._outcome_on_disk(work, move)
            return False
        return True

    def _outcome_on_disk(self, work: Work, move: Move) -> str:
        live, _leaf = self._judge.live_now(work)
        if live == move.to:
            return "unproven"
        return "refused" if live is None else self._direction.undone

    def _with_a_way_back(self, work: Work, move: Move) -> Move:
        """The first deployment has one only if a pair lies where its copies go: it becomes a generation."""
        if move.back_to is not None or work.live_before is not None:
            return move
        found = adopt(self._store, work.wish.name, work.deploy.copies)
        return replace(move, back_to=found if found != move.to else None)

    def _place(self, work: Work, generation: int) -> None:
        name, access = work.wish.name, work.deploy.access
        if access is not None and self._judge.lacks_access(work, generation):
            uid, gid = owner_ids(access.owner, access.group, where=name)
            self._store.set_access(name, generation, mode=access.mode, uid=uid, gid=gid)
        self._store.switch(name, generation)
        write_copies(self._judge.copies(work, generation), system=self._ports.system)

    def _leave(self, work: Work) -> InkanError | None:
        """Put the generation before back in its place; the error if even that fails."""
        if work.move is None or work.move.back_to is None:
            return None
        try:
            self._place(work, work.move.back_to)
        except InkanError as error:
            return error
        return None

    def _reload(self, works: t.Sequence[Work], *, start: bool = False) -> InkanError | None:
        reload = works[0].deploy.reload if works else None
        if reload is None:
            return None
        try:
            self._ports.service.reload(reload, start=start)
        except InkanError as error:
            return error
        return None

    def _prove(self, work: Work, since: float) -> InkanError | None:
        """The service serves exactly the new certificate, and the user's own check agrees."""
        if not self._is_served_by(work, since):
            return RefusedError(
                code="other_certificate_served",
                what="The service does not serve the certificate",
                where=place_of(work),
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

    def _is_served_by(self, work: Work, since: float) -> bool:
        """Look until the deadline: after a signal old workers answer for a moment."""
        look, clock = work.deploy.look, self._ports.clock
        if look is None:
            return True
        while True:
            left = since + look.timeout - clock.monotonic()
            der = self._judge.look(work, max(left, 1.0))
            if der is not None and work.leaf is not None and fingerprint(der) == work.leaf.certificate_sha256:
                return True
            if left <= 0:
                return False
            clock.sleep(min(_PAUSE, left))

    # -- after the proof --------------------------------------------------------------------------------------------

    def _go_back(self, works: t.Sequence[Work]) -> None:
        """One reload for all that go back; those that stay keep their journal, so the next run tries again."""
        back = [work for work in works if work.move is not None and goes_back(work.move)]
        for work in works:
            work.error = unproven(work)
            work.outcome = "unproven"
        trouble = {work.index: self._leave(work) for work in back}
        failure = self._reload(back, start=True) if back else None
        since = self._ports.clock.monotonic()
        for work in back:
            self._went_back(work, trouble[work.index] or failure, since)

    def _went_back(self, work: Work, trouble: InkanError | None, since: float) -> None:
        if trouble is not None:
            work.error = stuck(work, work.failure, trouble)
            return
        if work.move is None or work.move.back_to is None:
            return
        try:
            work.leaf = self._judge.facts(work.wish.name, work.move.back_to)
            served = self._is_served_by(work, since)
            self._store.clear_journal(work.wish.name)
        except InkanError as error:
            work.error = stuck(work, work.failure, error)
            return
        work.error = came_back(work, served, self._direction)
        work.outcome = self._direction.undone

    def _settle(self, work: Work) -> None:
        """Proven: what only served the passage is removed, the journal last."""
        try:
            with self._store.looking(work.wish.name):
                self._clean_up(work)
        except InkanError as error:  # the certificate is live and proven; the next run cleans up
            work.error = error

    def _clean_up(self, work: Work) -> None:
        name = work.wish.name
        self._store.remove_recipient(name)
        if work.move is None:
            return
        if not self._direction.is_rollback:
            held = [(one.number, one.has_certificate) for one in self._store.generations(name)]
            spared = never_pruned(work.move.to, work.move.back_to, held)
            self._store.prune(name, self._direction.keep_generations, spared)
        self._store.clear_journal(name)


def _groups(works: t.Sequence[Work]) -> list[list[Work]]:
    """Works that share a way of reloading, in the order of the options; bounded, for each holds a lock open."""
    groups: dict[Reload | None, list[Work]] = {}
    for work in works:
        if work.target is not None:
            groups.setdefault(work.deploy.reload, []).append(work)
    return [
        group[start : start + _MAX_GROUP] for group in groups.values() for start in range(0, len(group), _MAX_GROUP)
    ]
