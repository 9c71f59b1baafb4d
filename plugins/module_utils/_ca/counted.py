# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the requests of adapters are counted: one budget for all that the CA takes for one customer.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.budget import LONGEST_HOLD, SharedBudget

__all__ = ["counted_as"]

#: Seconds. Requests are counted as they leave; on their way they may come closer together.
_SPARE = 0.5


def counted_as(
    customer: t.Sequence[str],
    limits: t.Iterable[Limit],
    folder: str,
    clock: Clock,
    *,
    longest_hold: float = LONGEST_HOLD,
) -> SharedBudget:
    """customer: the address of the API, and what tells its customers apart there; whatever accounts of ours have these
    count together. The file's name has a digest of it, which tells nothing of a random key."""
    digest = hashlib.sha256("\0".join(customer).encode("utf-8", "replace")).hexdigest()
    spared = [Limit(limit.requests, limit.seconds + _SPARE) for limit in limits]
    return SharedBudget(folder, f".budget-{digest[:16]}", spared, clock, longest_hold=longest_hold)
