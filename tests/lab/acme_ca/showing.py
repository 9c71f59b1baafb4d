# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers hold: orders, authorizations, challenges (RFC 8555, 7.1), and the vices that bend what they say."""

from __future__ import annotations

import typing as t

from lab.clock import iso_utc
from lab.vices import Switches

from .book import INVALID, PENDING, PROCESSING, VALID, Authorization, Book, Challenge, Order
from .persisting import Persistence
from .problems import Document, malformed
from .proving import PERSIST

STRANGE = "reticulating"


class Showing:
    def __init__(
        self, book: Book, url: str, issuers: t.Sequence[str], persistence: Persistence, switches: Switches
    ) -> None:
        self._book, self._url, self._issuers = book, url, list(issuers)
        self._persistence, self._switches = persistence, switches
        #: the order as it was before the last change
        self._before: dict[str, Document] = {}

    def looked_at(self, order: Order) -> Document:
        """To somebody who asks how it is."""
        if self._switches.strikes("acme_missing_first", order.id):
            raise malformed("No such order", 404)
        shown = self.order(order)
        before = self._before.get(order.id, shown)
        self._before[order.id] = shown
        if before["status"] != shown["status"] and self._switches.strikes(
            "acme_stale_answer_first", f"{order.id} {shown['status']}"
        ):
            return before
        always = self._switches.is_on("acme_strange_status_always")
        if always or self._switches.strikes("acme_strange_status", order.id):
            return {**shown, "status": STRANGE}
        return shown

    def order(self, order: Order) -> Document:
        address = f"{self._url}/order/{order.id}"
        found: Document = {
            "status": order.status,
            "expires": iso_utc(order.expires),
            "identifiers": [self._identifier(order, name) for name in order.names],
            "authorizations": [f"{self._url}/authz/{id}" for id in dict.fromkeys(order.authorizations.values())],
            "finalize": f"{address}/finalize",
        }
        if not self._switches.is_on("acme_no_profiles"):
            found["profile"] = order.profile
        if order.replaces:
            found["replaces"] = order.replaces
        if order.error is not None:
            found["error"] = order.error
        if order.certificate:
            found["certificate"] = f"{self._url}/cert/{order.certificate}"
        return found

    def _identifier(self, order: Order, name: str) -> Document:
        ancestor = order.ancestors.get(name)
        return {"type": "dns", "value": name, **({"ancestorDomain": ancestor} if ancestor else {})}

    def authorization(self, one: Authorization) -> Document:
        tried = [part for part in one.challenges if part.status == (VALID if one.status == VALID else INVALID)]
        parts = tried if one.status in (VALID, INVALID) and tried else one.challenges
        found: Document = {
            "identifier": {"type": "dns", "value": one.name},
            "status": one.status,
            "expires": iso_utc(one.expires),
            "challenges": [self.challenge(part) for part in parts],
        }
        if one.wildcard:
            found["wildcard"] = True
        if one.subdomains:
            found["subdomainAuthAllowed"] = True
        return found

    def challenge(self, challenge: Challenge) -> Document:
        found: Document = {
            "type": challenge.kind,
            "url": f"{self._url}/chall/{challenge.id}",
            "status": challenge.status,
        }
        if challenge.kind == PERSIST:
            found.update(self._of_persist(challenge))
        else:
            found["token"] = challenge.token
        if challenge.validated is not None:
            found["validated"] = iso_utc(challenge.validated)
        if challenge.error is not None:
            found["error"] = challenge.error
        return found

    def _of_persist(self, challenge: Challenge) -> Document:
        if not self._persistence.is_old:
            return {"issuerDomainNames": self._issuers}
        found: Document = {"issuer-domain-names": self._issuers}
        if self._switches.is_on("acme_persist_01"):
            pair = self._book.challenge(challenge.id)
            assert pair is not None
            found["accounturi"] = f"{self._url}/acct/{pair[0].account}"
        return found

    def for_the_lab(self, order: Order) -> Document:
        """A line of the lab's page."""
        return {"number": order.id, "state": order.status, "product": order.profile, "names": list(order.names)}


def is_waiting(status: str, challenges: t.Iterable[Challenge] = ()) -> bool:
    """Whoever asks again later gets more."""
    return status == PROCESSING or (status == PENDING and any(part.status == PROCESSING for part in challenges))
