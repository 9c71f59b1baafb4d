# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a switch says: results, diffs, and why a certificate was not proven.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import misplaced
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._module.switch_judging import Direction, Judge, Work
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import CertificateFacts, iso


def result_of(judge: Judge, work: Work, check_mode: bool) -> ItemResult:
    live, leaf = judge.live_now(work)
    if check_mode and work.changed and work.error is None:
        shown, leaf = work.target, work.leaf
    else:
        shown = live
    extra = {
        "generation": shown,
        "previous": work.live_before if work.live_before != shown else None,
        "serial": leaf.serial if leaf else None,
        "not_before": iso(leaf.not_before) if leaf else None,
        "not_after": iso(leaf.not_after) if leaf else None,
        "issuer": leaf.issuer if leaf else None,
        "served_serial": work.served_serial,
    }
    state = "absent" if live is None else "live"
    return ItemResult(work.wish.name, work.outcome, state, work.changed, work.error, extra)


def diff_of(judge: Judge, work: Work) -> Diff:
    before = ""
    if work.live_before is not None:
        with contextlib.suppress(InkanError):
            before = _described(work.live_before, judge.facts(work.wish.name, work.live_before))
    after = _described(work.target, work.leaf)
    if work.move is not None and work.target is not None:
        wrong = misplaced(judge.copies(work, work.target))
        after += "".join(f"write: {copy.wish.path} ({copy.wish.content.value})\n" for copy in wrong)
        after += "reload: yes\n" if work.deploy.reload is not None else ""
    return Diff(f"{work.wish.name}: live", before, after)


def unproven(work: Work) -> InkanError:
    return LocalError(
        code="service_unproven",
        what="The certificate is live on disk, but its service does not prove it",
        where=place_of(work),
        why=_sentence(work.failure),
        todo="Start or mend the service and run again: the next run reloads and proves it",
        retryable=True,
        did_change=True,
    )


def came_back(work: Work, served: bool, direction: Direction) -> InkanError:
    code = "rollback_undone" if direction.is_rollback else "rolled_back"
    after = "its service serves it" if served else "its service does not prove it: " + (work.notes or [""])[-1]
    return RefusedError(
        code=code,
        what="The certificate was not proven, the one before is live again",
        where=place_of(work),
        why=f"{_sentence(work.failure)} Generation {work.move.back_to if work.move else None} is live, and {after}",
        todo="Mend what the reason names and run again",
        did_change=True,
    )


def stuck(work: Work, failure: InkanError | None, trouble: InkanError) -> InkanError:
    return LocalError(
        code="rollback_incomplete",
        what="The certificate was not proven, and the way back was not clean either",
        where=place_of(work),
        why=f"{_sentence(failure)} Then: {_sentence(trouble)}",
        todo="Mend what the reasons name and run again: the next run finishes the switch or the way back",
        retryable=True,
        did_change=True,
    )


def _described(generation: int | None, leaf: CertificateFacts | None) -> str:
    if leaf is None:
        return "certificate: known_after_order\n"
    number = "new" if generation is None else str(generation)
    names = ", ".join(leaf.dns_names)
    return f"generation: {number}\nserial: {leaf.serial}\nnot_after: {iso(leaf.not_after)}\ndns_names: {names}\n"


def place_of(work: Work) -> str:
    look = work.deploy.look
    served = f", asked at {look.address}:{look.port}" if look else ""
    return f"item {work.wish.name!r}, generation {work.move.to if work.move else work.target}{served}"


def _sentence(error: InkanError | None) -> str:
    return error.sentence() if error is not None else ""
