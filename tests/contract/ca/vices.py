# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: which vice strikes which verbs, and what must come of it.

    DONE     what was wished is done within three runs, and the CA has exactly the orders that were wished
    CLEAR    an error with code, retryable and retry_at, or a person is asked; nothing is taken, nothing ordered twice

CLEAR is right for these only: a foreign order, a wrong chain, a wrong key, a refusal by the CA, and a status word that
nobody knows and that stays.
"""

from __future__ import annotations

import enum
import typing as t

import forging
import spoils
from fault_proxy import Spoil
from spoils import Dialect

#: Verbs of the contract, as rows of the matrix: those that an API has are a property of its harness. ``open`` and
#: ``account`` are what has to be asked before any of them. ``renew`` and ``reissue`` are submits with a predecessor.
VERBS = (
    *("open", "account", "submit", "find", "look", "prepare", "ready", "download", "renew", "reissue"),
    *("resend", "change_contact", "cancel", "revoke"),
)
#: Answers with more than a status: there is something to cut, to drip and to take for JSON.
_WITH_BODY = tuple(verb for verb in VERBS if verb not in ("resend", "change_contact", "cancel", "revoke"))
_ORDERING = ("submit", "find", "look", "prepare", "ready", "download", "renew", "reissue")


class End(enum.Enum):
    DONE = "done"
    CLEAR = "clear"


class Vice(t.NamedTuple):
    """times: how often it strikes; None: as long as the test wishes. codes: of the errors that are right at all
    adapters; those of one adapter are in its harness."""

    name: str
    what: str
    make: t.Callable[[Dialect], Spoil]
    verbs: tuple[str, ...] = VERBS
    times: int | None = 1
    end: End = End.DONE
    codes: tuple[str, ...] = ()


def _always(spoil: Spoil) -> t.Callable[[Dialect], Spoil]:
    return lambda _dialect: spoil


_CLEAR = (None, End.CLEAR)
_STRANGE = ("status_unknown",)
_CHAIN = ("chain_broken",)
_KEY = ("certificate_key_mismatch",)

VICES: tuple[Vice, ...] = (
    Vice("lost", "the CA does it, no answer comes", _always(spoils.lost_answer)),
    Vice("429s", "429, Retry-After in seconds", spoils.busy_seconds),
    Vice("429d", "429, Retry-After as a date", spoils.busy_date),
    Vice("429", "429 without Retry-After", spoils.busy),
    Vice("500", "500 with a page, no effect", _always(spoils.server_error)),
    Vice("502", "502 with a page, after the effect", _always(spoils.bad_gateway)),
    Vice("503", "503 with Retry-After and a page, no effect", _always(spoils.unavailable)),
    Vice("503e", "the same after the effect", _always(spoils.unavailable_after)),
    Vice("html", "200 with a page in place of JSON, no effect", _always(spoils.html)),
    Vice("cut", "the answer is cut in its midst", _always(spoils.truncated), _WITH_BODY),
    Vice("half", "half of the answer, as if it were all", _always(spoils.half), _WITH_BODY),
    Vice("drip", "the answer comes drop by drop", _always(spoils.drip), _WITH_BODY),
    Vice("word", "a status word that nobody knows, once", spoils.strange_status, ("submit", "look", "ready")),
    Vice("expiry", "what lets us in has expired: thrice", spoils.expired, tuple(v for v in VERBS if v != "open"), 3),
    Vice("skew", "the CA's clock is an hour ahead of ours", _always(spoils.skewed), (*_ORDERING, "cancel"), None),
    Vice("skew429", "429 until a time of a clock that is an hour ahead", lambda d: spoils.busy_date(d, spoils.SKEW)),
    # --- where an error is right ---
    Vice("refusal", "the CA says no", spoils.refused, ("submit", "renew", "reissue"), *_CLEAR),
    Vice("word!", "a status word that nobody knows, for good", spoils.strange_status, ("look",), *_CLEAR, _STRANGE),
    Vice("chain!", "the issuer has not signed it", _always(forging.wrong_chain), ("download",), *_CLEAR, _CHAIN),
    Vice("key!", "a certificate for another key", _always(forging.other_key), ("download",), *_CLEAR, _KEY),
)
#: Two that are plays of their own. The ledger has an order that the CA does not know, or that is somebody else's; and
#: a lost order is in no list until a second one is made: then one of them is cancelled, or told to a person.
FOREIGN, LATE = "foreign!", "late"
COLUMNS = (*(vice.name for vice in VICES), LATE, FOREIGN)
