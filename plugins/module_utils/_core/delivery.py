# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message to a channel did not arrive, or may have.

    is_doubtful   it may have arrived: it is sent again as it was, under the same id
    is_refused    the other side will not take it as it is
    hold_until    the other side wants none before that
    is_partial    some recipients have it; left: those that may take it later, none of them: it is over
    (else)        it surely did not arrive

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import harmless


class NotDelivered(Exception):
    def __init__(
        self,
        why: str,
        *,
        is_doubtful: bool = False,
        is_refused: bool = False,
        hold_until: datetime | None = None,
        is_partial: bool = False,
        left: t.Sequence[str] = (),
    ) -> None:
        super().__init__(why)
        self.why = harmless(why)  # the other side's words are in it
        self.is_doubtful = is_doubtful
        self.is_refused = is_refused
        self.hold_until = hold_until
        self.is_partial = is_partial
        self.left = tuple(left)
