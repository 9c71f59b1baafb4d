# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls about certificates, and what an account may know of itself."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from lab.clock import LabClock
from lab.http_server import Response
from lab.vices import Switches

from .api import NO_CONTENT, Api, Call, Caller, Document, judge_text, missing, violated
from .api_claims import unix
from .book import Book
from .claiming import Claiming
from .making import Making
from .policy import Wish, judge, policy, read_key
from .proving import Proving
from .values import Certificate

PATH = "/certificates"
SERIAL = rf"{PATH}/([0-9A-Fa-f]{{1,40}})"
#: words of RFC 5280 5.3.1 that are taken
REASONS = (
    *("unspecified", "affiliationChanged", "keyCompromise", "superseded", "cessationOfOperation"),
    "privilegeWithdrawn",
)
STRANGE = "AWAITING_REVIEW"
SLOW_SECONDS = 3.0
INDEX_SECONDS = 2.0
#: of /stats: without from and to, and at most
WINDOW, LONGEST_WINDOW = timedelta(minutes=10), timedelta(days=30)


class CertificateCalls:
    def __init__(
        self,
        api: Api,
        book: Book,
        claiming: Claiming,
        proving: Proving,
        making: Making,
        clock: LabClock,
        switches: Switches,
    ) -> None:
        self._api, self._book, self._claiming, self._proving, self._making = api, book, claiming, proving, making
        self._clock, self._switches = clock, switches

    def calls(self) -> list[Call]:
        return [
            Call("policy", "GET", "/validationpolicy", lambda caller: self._api.json(self._policy(caller))),
            Call("submit", "POST", PATH, self._submit),
            Call("look", "GET", SERIAL, self._look),
            Call("revoke", "PATCH", SERIAL, self._revoke),
            Call("delete", "DELETE", SERIAL, self._delete),
            Call("rekey", "POST", rf"{SERIAL}/rekey", self._rekey),
            Call("chain", "GET", "/trustchain", self._chain),
            Call("quota", "GET", "/quotas/issuance", lambda _caller: self._value(self._book.quota)),
            Call("issued_count", "GET", "/counters/certificates/issued", lambda _caller: self._count(False)),
            Call("revoked_count", "GET", "/counters/certificates/revoked", lambda _caller: self._count(True)),
            Call("stats", "GET", "/stats/(issued|revoked|expiring)", self._stats),
        ]

    def _policy(self, caller: Caller) -> Document:
        return policy(caller.credential, self._clock.now(), self._making.issuer_ends(caller.credential))

    # --- one certificate ---

    def _submit(self, caller: Caller) -> Response:
        wish = judge(caller.body(), self._policy(caller), self._clock.now())
        return self._issue(caller, wish)

    def _issue(self, caller: Caller, wish: Wish) -> Response:
        uncovered = self._claiming.uncovered(wish.names)
        if uncovered:
            raise violated(f"no verified claim covers {', '.join(uncovered)}")
        forbidden = self._proving.forbidden(wish.names)
        if forbidden:
            raise violated(f"the CAA records of {forbidden} do not allow it")
        if self._book.quota < 1:
            raise violated("the quota is used up")
        certificate = self._making.make(caller.credential, wish)
        return Response(201, {"Location": self._api.location(f"{PATH}/{self._serial(certificate)}")})

    def _look(self, caller: Caller) -> Response:
        found = self._find(caller)
        key = found.serial
        if self._switches.strikes("atlas_certificate_missing_first", key):
            raise missing("certificate")
        slow = self._switches.is_on("atlas_issuing_slow") and self._book.age(key) < SLOW_SECONDS
        if slow or self._switches.strikes("atlas_not_ready", key):
            return Response(202)
        if self._switches.strikes("atlas_stale_answer_first", f"{key} {found.status}"):
            found = self._book.before(found)
        status = found.status
        strange = self._switches.strikes("atlas_strange_status", key)
        if strange or self._switches.is_on("atlas_strange_status_always"):
            status = STRANGE
        document = {"certificate": self._making.leaf(found), "status": status, "updated_at": unix(found.updated_at)}
        return self._api.json(document)

    def _revoke(self, caller: Caller) -> Response:
        found, body, now = self._find(caller), caller.body(), self._clock.now()
        reason = judge_text(body.get("revocation_reason"), "revocation_reason")
        if reason not in REASONS:
            raise violated(f"there is no reason {reason}")
        seconds = body.get("revocation_time")
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**33
        ):
            raise violated("revocation_time is no number of seconds")
        at = now if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
        if not found.certificate.not_valid_before_utc <= at <= now + timedelta(seconds=1):
            raise violated("revocation_time is not between not_before and now")
        return self._revoked(found, at, reason)

    def _delete(self, caller: Caller) -> Response:
        return self._revoked(self._find(caller), self._clock.now(), "")

    def _revoked(self, found: Certificate, at: datetime, reason: str) -> Response:
        if found.revoked_at is None:
            self._making.revoke(found, at, reason)
        elif self._switches.is_on("atlas_revoked_twice"):
            raise violated("it is revoked already")
        return NO_CONTENT

    def _rekey(self, caller: Caller) -> Response:
        if not self._switches.is_on("atlas_rekey"):
            raise missing("path")
        found = self._find(caller)
        if found.revoked_at is not None:
            raise violated("it is revoked")
        key = read_key(caller.body(), self._policy(caller))
        return self._issue(caller, Wish(found.names, key, self._clock.now(), found.certificate.not_valid_after_utc))

    def _find(self, caller: Caller) -> Certificate:
        found = self._book.certificate(int(caller.part(), 16))
        if found is None:
            raise missing("certificate")
        return found

    # --- all of them ---

    def _chain(self, caller: Caller) -> Response:
        return self._api.json(self._making.chain(caller.credential))

    def _value(self, number: int) -> Response:
        return self._api.json({"value": number})

    def _count(self, revoked: bool) -> Response:
        found = self._book.certificates()
        return self._value(sum(one.revoked_at is not None for one in found) if revoked else len(found))

    def _stats(self, caller: Caller) -> Response:
        kind = caller.part()
        begin, end = self._window(caller)
        rows = [one for one in self._book.certificates() if self._is_between(one, kind, begin, end)]
        return self._api.page(rows, caller, self._row)

    def _window(self, caller: Caller) -> tuple[datetime, datetime]:
        now = self._clock.now()
        begin, end = (
            datetime.fromtimestamp(caller.number(word, unix(usual)), timezone.utc)
            for word, usual in (("from", now - WINDOW), ("to", now + timedelta(seconds=1)))
        )
        if not begin <= end <= begin + LONGEST_WINDOW:
            raise violated("from and to are in the wrong order, or more than 30 days apart")
        return begin, end

    def _is_between(self, one: Certificate, kind: str, begin: datetime, end: datetime) -> bool:
        if self._switches.is_on("atlas_late_index") and self._book.age(one.serial) < INDEX_SECONDS:
            return False
        moments = {"issued": one.issued_at, "revoked": one.revoked_at, "expiring": one.certificate.not_valid_after_utc}
        moment = moments[kind]
        return moment is not None and begin <= moment.replace(microsecond=0) <= end

    def _row(self, one: Certificate) -> Document:
        of = one.certificate
        return {
            "serial_number": self._serial(one, padded=self._switches.is_on("atlas_serials_padded")),
            "not_before": unix(of.not_valid_before_utc),
            "not_after": unix(of.not_valid_after_utc),
        }

    def _serial(self, one: Certificate, padded: bool = False) -> str:
        text = f"{one.serial:032X}" if padded else f"{one.serial:X}"
        return text.lower() if self._switches.is_on("atlas_serials_small") else text
