# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may answer a mail: nobody (observe), a person (assist), or for domains that opted in also a machine (auto). Pure.

A refusal is never a machine's. The kill switch stops all of them.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import Flaw
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name

__all__ = ["ApprovalPolicy", "answering_by"]


@dataclass(frozen=True)
class ApprovalPolicy:
    """sent_today: by machines, of all orders. stopped: why nothing is answered, "" if it may be."""

    mode: str
    auto_domains: tuple[str, ...] = ()
    daily_cap: int = 0
    sent_today: int = 0
    stopped: str = ""


def answering_by(policy: ApprovalPolicy, answer: str, dns_names: t.Sequence[str]) -> tuple[str, Flaw | None]:
    """person or auto, "" where nobody wants to answer; and what speaks against it."""
    if answer:
        return "person", _against_person(policy)
    if policy.mode != "auto":
        return "", None
    strange = [name for name in dns_names if not _is_in(validated_name(name), policy.auto_domains)]
    if strange:
        return "", Flaw("auto_not_opted_in", f"{strange[0]} has not opted in to automatic approval")
    if policy.stopped:
        return "", Flaw("approvals_stopped", policy.stopped)
    if policy.sent_today >= policy.daily_cap:
        return "", Flaw("auto_daily_cap", f"{policy.sent_today} approvals were sent today, {policy.daily_cap} may be")
    return "auto", None


def _against_person(policy: ApprovalPolicy) -> Flaw | None:
    if policy.mode == "observe":
        return Flaw("approvals_observe_only", "the mode is observe, in which nothing is answered")
    return Flaw("approvals_stopped", policy.stopped) if policy.stopped else None


def _is_in(name: str, domains: t.Iterable[str]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)
