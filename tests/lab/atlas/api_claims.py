# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls about claims of domains."""

from __future__ import annotations

from datetime import datetime

from lab.clock import LabClock
from lab.http_server import Response
from lab.vices import Switches

from .api import CREATED, NO_CONTENT, Api, Call, Caller, Document, judge_text, violated
from .book import Book
from .claiming import Claiming
from .proving import Proving
from .values import PENDING, VERIFIED, Claim, Entry

PATH = "/claims/domains"
ID = rf"{PATH}/([0-9A-Fa-f]{{32}})"
STRANGE = "IN_REVIEW"


class ClaimCalls:
    def __init__(
        self, api: Api, book: Book, claiming: Claiming, proving: Proving, clock: LabClock, switches: Switches
    ) -> None:
        self._api, self._book, self._claiming, self._proving = api, book, claiming, proving
        self._clock, self._switches = clock, switches

    def calls(self) -> list[Call]:
        return [
            Call("claims", "GET", PATH, self._list),
            Call("claim", "GET", ID, self._look),
            Call("claim_delete", "DELETE", ID, self._delete),
            Call("claim_domains", "GET", rf"{ID}/dns", self._domains),
            Call("assert_dns", "POST", rf"{ID}/dns", self._assert_dns),
            Call("assert_http", "POST", rf"{ID}/http", self._assert_http),
            Call("claim_addresses", "GET", rf"{ID}/email", self._addresses),
            Call("assert_mail", "POST", rf"{ID}/email", self._assert_mail),
            Call("reassert", "POST", rf"{ID}/reassert", self._reassert),
            Call("claim_start", "POST", rf"{PATH}/([^/]+)", self._start),
        ]

    def _start(self, caller: Caller) -> Response:
        return self._shown_token(self._claiming.start(caller.part()), 201)

    def _reassert(self, caller: Caller) -> Response:
        return self._shown_token(self._claiming.reassert(self._claim(caller)), 200)

    def _shown_token(self, claim: Claim, status: int) -> Response:
        document = {"id": claim.id, "token": claim.token, "assert_by": unix(claim.assert_by)}
        return self._api.json(document, status, Location=self._api.location(f"{PATH}/{claim.id}"))

    def _list(self, caller: Caller) -> Response:
        wanted = caller.request.query.get("status", "")
        if wanted not in ("", PENDING, VERIFIED):
            raise violated(f"there is no status {wanted}")
        claims = self._book.claims()
        found = [one for one in claims if wanted in ("", self._claiming.status(one))]
        return self._api.page(found, caller, self._shown)

    def _look(self, caller: Caller) -> Response:
        claim = self._claim(caller)
        if self._switches.strikes("atlas_stale_answer_first", f"{claim.id} {self._claiming.status(claim)}"):
            claim = self._book.before(claim)
        document = self._shown(claim)
        if self._switches.strikes("atlas_strange_claim_first", claim.id):
            document["status"] = STRANGE
        return self._api.json(document)

    def _delete(self, caller: Caller) -> Response:
        self._claiming.remove(self._claim(caller))
        return NO_CONTENT

    def _domains(self, caller: Caller) -> Response:
        return self._api.json(self._proving.authorization_domains(self._claim(caller).domain))

    def _assert_dns(self, caller: Caller) -> Response:
        claim = self._claim(caller)
        body = caller.body(optional=True)
        domain = judge_text(body.get("authorization_domain", claim.domain), "authorization_domain")
        return _said(self._claiming.by_dns(claim, domain))

    def _assert_http(self, caller: Caller) -> Response:
        claim, body = self._claim(caller), caller.body()
        domain = judge_text(body.get("authorization_domain"), "authorization_domain")
        return _said(self._claiming.by_http(claim, domain, judge_text(body.get("scheme"), "scheme")))

    def _assert_mail(self, caller: Caller) -> Response:
        claim = self._claim(caller)
        return _said(self._claiming.by_mail(claim, judge_text(caller.body().get("email_address"), "email_address")))

    def _addresses(self, caller: Caller) -> Response:
        constructed, published = self._proving.addresses(self._claim(caller).domain)
        return self._api.json({"constructed": constructed, "DNS": {"SOA": {"emails": published}}})

    def _claim(self, caller: Caller) -> Claim:
        return self._claiming.find(caller.part())

    def _shown(self, claim: Claim) -> Document:
        document: Document = {
            "id": claim.id,
            "status": self._claiming.status(claim),
            "domain": f"{claim.domain}.",
            "created_at": unix(claim.created_at),
            "expires_at": unix(claim.verified_until or claim.assert_by),
            "assert_by": unix(claim.assert_by),
            "log": [_line(entry) for entry in claim.log],
        }
        if self._switches.is_on("atlas_claim_shows_token"):
            document["token"] = claim.token
            document["last_verified_at"] = unix(claim.verified_at) if claim.verified_at else 0
            document["last_verification_method"] = claim.verified_by
        return document


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def _said(verified: bool) -> Response:
    return NO_CONTENT if verified else CREATED


def _line(entry: Entry) -> Document:
    return {"status": entry.status, "description": entry.description, "timestamp": unix(entry.at)}
