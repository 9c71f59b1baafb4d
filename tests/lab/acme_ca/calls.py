# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls: what each takes, and what it answers (RFC 8555, 7; RFC 9773, 4)."""

from __future__ import annotations

import typing as t

from lab.http_server import Request, Response
from lab.vices import Switches

from . import jws, profiles
from .accounts import Accounts
from .api import BY_ACCOUNT, BY_EITHER, BY_KEY, Call, Caller
from .authorizing import Authorizing
from .book import INVALID, PENDING, PROCESSING, Authorization, Book, Challenge, Order
from .desk import Desk
from .making import CHAINS, Making
from .nonces import Nonces
from .playing import as_json
from .problems import Document, Problem, malformed
from .renewal import Renewal
from .showing import Showing, is_waiting

CHAIN_TYPE = "application/pem-certificate-chain"
PAGE = 2
TERMS, WEBSITE = "https://acme.lab.example/terms/v1", "https://acme.lab.example/"


class Calls:
    def __init__(
        self,
        url: str,
        book: Book,
        accounts: Accounts,
        nonces: Nonces,
        authorizing: Authorizing,
        desk: Desk,
        making: Making,
        renewal: Renewal,
        showing: Showing,
        switches: Switches,
        issuers: t.Sequence[str],
    ) -> None:
        self._url, self._book, self._accounts, self._nonces = url, book, accounts, nonces
        self._authorizing, self._desk, self._making = authorizing, desk, making
        self._renewal, self._showing = renewal, showing
        self._switches, self._issuers = switches, list(issuers)

    def signed(self) -> list[Call]:
        number = r"([0-9]+)"
        return [
            Call("account_new", "/new-acct", BY_KEY, self._new_account),
            Call("order_new", "/new-order", BY_ACCOUNT, self._new_order),
            Call("authorization_new", "/new-authz", BY_ACCOUNT, self._new_authorization),
            Call("key_change", "/key-change", BY_ACCOUNT, self._key_change),
            Call("revoke", "/revoke-cert", BY_EITHER, self._revoke),
            Call("account", rf"/acct/{number}", BY_ACCOUNT, self._account),
            Call("orders", rf"/acct/{number}/orders(?:/([0-9]+))?", BY_ACCOUNT, self._orders),
            Call("order", rf"/order/{number}", BY_ACCOUNT, self._order),
            Call("finalize", rf"/order/{number}/finalize", BY_ACCOUNT, self._finalize),
            Call("authorization", rf"/authz/{number}", BY_ACCOUNT, self._authorization),
            Call("challenge", rf"/chall/{number}", BY_ACCOUNT, self._challenge),
            Call("certificate", rf"/cert/{number}(?:/([0-9]))?", BY_ACCOUNT, self._certificate),
        ]

    # --- without a signature ---

    def directory(self, _request: Request) -> Response:
        on = self._switches.is_on
        meta: Document = {
            "termsOfService": TERMS,
            "website": WEBSITE,
            "caaIdentities": self._issuers,
            "externalAccountRequired": on("acme_eab_required"),
        }
        if not on("acme_no_profiles"):
            meta["profiles"] = {profile.name: profile.what for profile in profiles.PROFILES}
        if not on("acme_only_old_challenges") and not on("acme_persist_00") and not on("acme_persist_01"):
            meta["issuerDomainNames"], meta["accountHashPrefix"] = self._issuers, f"{self._url}/account-hash/"
        found: Document = {
            "newNonce": f"{self._url}/new-nonce",
            "newAccount": f"{self._url}/new-acct",
            "newOrder": f"{self._url}/new-order",
            "revokeCert": f"{self._url}/revoke-cert",
            "keyChange": f"{self._url}/key-change",
        }
        if not on("acme_no_new_authz"):
            found["newAuthz"] = f"{self._url}/new-authz"
            meta["subdomainAuthAllowed"] = True
        if not on("acme_no_ari"):
            found["renewalInfo"] = f"{self._url}/renewal-info"
        # a member that no client knows (Let's Encrypt has one, too)
        return as_json({"lab9773": "https://acme.lab.example/a-member-of-no-meaning", **found, "meta": meta})

    def nonce(self, request: Request) -> Response:
        status = 200 if request.method == "HEAD" else 204
        return Response(status, {"Replay-Nonce": self._nonces.new(), "Cache-Control": "no-store"})

    def renewal_info(self, request: Request) -> Response:
        if self._switches.is_on("acme_no_ari"):
            raise malformed("There is nothing here.", 404)
        with self._book.lock:
            document, retry_after = self._renewal.answer(str(request.match[1]))
        return as_json(document, headers={"Retry-After": retry_after} if retry_after else {})

    # --- accounts ---

    def _new_account(self, caller: Caller) -> Response:
        account, is_new = self._accounts.enter(
            caller.key, caller.document, f"{self._url}/new-acct", caller.request.client
        )
        return self._shown_account(account.id, 201 if is_new else 200)

    def _account(self, caller: Caller) -> Response:
        if caller.part() != caller.who.id:
            raise Problem("unauthorized", "This is another account.")
        if not caller.is_look:
            self._accounts.change(caller.who, caller.document)
        return self._shown_account(caller.who.id)

    def _shown_account(self, id: str, status: int = 200) -> Response:
        account = self._book.accounts[id]
        document = self._accounts.shown(account, self._switches.is_on("acme_orders_list"))
        return as_json(document, status, headers={"Location": self._accounts.address(account)})

    def _key_change(self, caller: Caller) -> Response:
        self._accounts.roll(caller.who, jws.read(caller.document), f"{self._url}/key-change")
        return self._shown_account(caller.who.id)

    def _orders(self, caller: Caller) -> Response:
        """RFC 8555, 7.1.2.1: in pages; those that failed are left out."""
        if caller.part() != caller.who.id or not self._switches.is_on("acme_orders_list"):
            raise malformed("There is nothing here.", 404)
        orders = self._book.of_account(caller.who.id)
        mine = [f"{self._url}/order/{one.id}" for one in orders if one.status != INVALID]
        start = int(caller.request.match[2] or 0)
        here = f"{self._accounts.address(caller.who)}/orders"
        more = {"Link": f'<{here}/{start + PAGE}>;rel="next"'} if len(mine) > start + PAGE else {}
        return as_json({"orders": mine[start : start + PAGE]}, headers=more)

    # --- orders ---

    def _new_order(self, caller: Caller) -> Response:
        if self._switches.is_on("acme_terms_changed"):
            where = f"{WEBSITE}agree/{caller.who.id}"
            headers = {"Link": f'<{TERMS}2>;rel="terms-of-service"'}
            detail = "Terms of service have changed"
            raise Problem("userActionRequired", detail, headers=headers, instance=where)
        order = self._desk.new_order(caller.who, caller.document)
        return self._shown_order(order, self._showing.order(order), 201)

    def _shown_order(self, order: Order, document: Document, status: int = 200) -> Response:
        wait = {"Retry-After": "1"} if order.status == PROCESSING else {}
        return as_json(document, status, headers={"Location": f"{self._url}/order/{order.id}", **wait})

    def _own_order(self, caller: Caller) -> Order:
        order = self._book.orders.get(caller.part())
        if order is None or order.account != caller.who.id:
            raise malformed("No such order", 404)
        self._desk.refresh(order)
        return order

    def _order(self, caller: Caller) -> Response:
        if not caller.is_look:
            raise malformed("An order is looked at by POST-as-GET.")
        order = self._own_order(caller)
        return self._shown_order(order, self._showing.looked_at(order))

    def _finalize(self, caller: Caller) -> Response:
        order = self._own_order(caller)
        csr = caller.document.get("csr")
        if not isinstance(csr, str):
            raise malformed("csr is missing.")
        self._desk.finalize(order, jws.decode(csr))
        return self._shown_order(order, self._showing.order(order))

    # --- authorizations ---

    def _new_authorization(self, caller: Caller) -> Response:
        if self._switches.is_on("acme_no_new_authz"):
            raise malformed("There is nothing here.", 404)
        one = self._authorizing.new(caller.who, caller.document)
        return as_json(self._showing.authorization(one), 201, headers={"Location": f"{self._url}/authz/{one.id}"})

    def _authorization(self, caller: Caller) -> Response:
        one = self._book.authorizations.get(caller.part())
        if one is None or one.account != caller.who.id:
            raise malformed("No such authorization", 404)
        if not caller.is_look:
            if caller.document.get("status") != "deactivated":
                raise malformed("An authorization can only be deactivated.")
            self._authorizing.deactivate(one)
        self._authorizing.refresh(one)
        wait = {"Retry-After": "1"} if is_waiting(one.status, one.challenges) else {}
        return as_json(self._showing.authorization(one), headers=wait)

    def _challenge(self, caller: Caller) -> Response:
        found = self._book.challenge(caller.part())
        if found is None or found[0].account != caller.who.id:
            raise malformed("No such challenge", 404)
        one, challenge = found
        if not caller.is_look:
            caller.signed.document()  # it has to be an object
            self._authorizing.respond(one, challenge)
        return self._shown_challenge(one, challenge)

    def _shown_challenge(self, one: Authorization, challenge: Challenge) -> Response:
        wait = {"Retry-After": "1"} if is_waiting(one.status, [challenge]) and one.status == PENDING else {}
        up = {"Link": f'<{self._url}/authz/{one.id}>;rel="up"'}
        return as_json(self._showing.challenge(challenge), headers={**up, **wait})

    # --- certificates ---

    def _certificate(self, caller: Caller) -> Response:
        certificate = self._book.numbered(caller.part())
        chain = int(caller.request.match[2] or 0)
        if certificate is None or certificate.account != caller.who.id or chain >= CHAINS:
            raise malformed("No such certificate", 404)
        here = f"{self._url}/cert/{certificate.number}"
        others = [f"{here}/{one}" if one else here for one in range(CHAINS) if one != chain]
        links = ", ".join(f'<{other}>;rel="alternate"' for other in others)
        headers = {"Content-Type": CHAIN_TYPE}
        if not self._switches.is_on("acme_no_alternates"):
            headers["Link"] = links
        return Response(200, headers, self._making.chain(certificate, chain).encode("ascii"))

    def _revoke(self, caller: Caller) -> Response:
        self._desk.revoke(caller.account, caller.key, caller.document)
        return Response(200, {}, b"")
