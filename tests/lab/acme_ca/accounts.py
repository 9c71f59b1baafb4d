# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts: made, bound to a customer of the CA, changed, given another key, ended (RFC 8555, 7.3)."""

from __future__ import annotations

import re
import secrets
import typing as t
from urllib.parse import unquote

from josepy.jwk import JWK

from lab.clock import LabClock
from lab.history import History
from lab.names import tidy
from lab.vices import Switches

from . import jws
from .book import CA, DEACTIVATED, VALID, Account, Book
from .limits import Limits
from .problems import Document, Problem, malformed

#: names of the keys that the CA has given to its customers
CUSTOMERS = ("kid-1", "kid-2", "kid-3")
MOST_CONTACTS = 10


class Accounts:
    def __init__(
        self, book: Book, url: str, limits: Limits, *, clock: LabClock, history: History, switches: Switches
    ) -> None:
        self._book, self._url, self._limits = book, url, limits
        self._clock, self._history, self._switches = clock, history, switches
        #: name -> the secret that the customer was given
        self.bindings = {name: secrets.token_bytes(32) for name in CUSTOMERS}

    def address(self, account: Account) -> str:
        return f"{self._url}/acct/{account.id}"

    def with_address(self, url: t.Any) -> Account | None:
        return next((one for one in self._book.accounts.values() if self.address(one) == url), None)

    # --- RFC 8555, 7.3, 7.3.1, 7.3.4 ---

    def enter(self, jwk: JWK, wish: Document, new_account_url: str, peer: str) -> tuple[Account, bool]:
        """The account of this key, and whether it is new. ``peer``: the address of whoever asks."""
        known = self._book.with_key(jwk)
        if known is not None:
            if known.status != VALID:
                raise Problem("unauthorized", "The account of this key was deactivated.", 401)
            return known, False
        if wish.get("onlyReturnExisting") is True:
            raise Problem("accountDoesNotExist", "There is no account with this key.")
        self._limits.check("accounts", [peer])
        made = self._make(jwk, wish, new_account_url)
        self._limits.count("accounts", [peer])
        return made, True

    def _make(self, jwk: JWK, wish: Document, new_account_url: str) -> Account:
        if wish.get("termsOfServiceAgreed") is not True:
            raise malformed("The terms of service must be agreed to.")
        contact = contacts(wish.get("contact", []))
        binding = wish.get("externalAccountBinding")
        if binding is None and self._switches.is_on("acme_eab_required"):
            raise Problem("externalAccountRequired", "Accounts are for customers: externalAccountBinding is missing.")
        external = "" if binding is None else self._bound(binding, jwk, new_account_url)
        account = Account(self._book.number("account"), [jwk], contact, True, self._clock.now())
        account.binding, account.external = binding, external
        self._book.accounts[account.id] = account
        self._tell(account, "new", external=external)
        return account

    def _bound(self, binding: t.Any, jwk: JWK, url: str) -> str:
        """The name of the key of a customer by which the account's key was signed."""
        inner = jws.read(binding)
        name = inner.header.get("kid")
        if "nonce" in inner.header or inner.header.get("url") != url or "jwk" in inner.header:
            raise malformed("The header of the external account binding has not alg, kid and url, and these only.")
        if not isinstance(name, str) or name not in self.bindings:
            raise Problem("unauthorized", "The key of the external account binding is not known.")
        if not jws.check_mac(inner, self.bindings[name]):
            raise Problem("unauthorized", "The external account binding is not signed with its key.")
        if jws.key_of(inner.document()) != jwk:
            raise malformed("The external account binding is for another account key.")
        used = any(account.external == name for account in self._book.accounts.values())
        if used and self._switches.is_on("acme_eab_once"):
            raise Problem("unauthorized", "The key of the external account binding was used already.")
        return name

    # --- RFC 8555, 7.3.2, 7.3.6 ---

    def change(self, account: Account, wish: Document) -> None:
        if "status" in wish and wish["status"] != account.status:
            if wish["status"] != DEACTIVATED:
                raise malformed("An account can only be deactivated.")
            account.status = DEACTIVATED
            self._tell(account, "deactivated")
            return
        if "contact" in wish:
            account.contact = contacts(wish["contact"])
            self._tell(account, "contact", contact=account.contact)

    # --- RFC 8555, 7.3.5 ---

    def roll(self, account: Account, inner: jws.Signed, url: str) -> None:
        new = jws.key_of(inner.header.get("jwk"))
        if "kid" in inner.header or "nonce" in inner.header:
            raise malformed("The inner JWS has a kid or a nonce.")
        jws.check(inner, new)
        if inner.header.get("url") != url:
            raise malformed("The inner and the outer JWS are for different URLs.")
        wish = inner.document()
        if wish.get("account") != self.address(account):
            raise malformed("The inner JWS is for another account.")
        if jws.key_of(wish.get("oldKey")) != account.key:
            raise malformed("oldKey is not the key of the account.")
        other = self._book.with_key(new)
        if other is not None:
            where = {"Location": self.address(other)}
            raise Problem("malformed", "The new key is that of an account already.", 409, headers=where)
        account.keys.append(new)
        self._tell(account, "key", thumbprint=jws.thumbprint(new))

    def shown(self, account: Account, orders_list: bool) -> Document:
        found: Document = {
            "status": account.status,
            "contact": account.contact,
            "termsOfServiceAgreed": account.agreed,
            "key": account.key.to_json(),
        }
        if orders_list:
            found["orders"] = f"{self.address(account)}/orders"
        if account.binding is not None:
            found["externalAccountBinding"] = account.binding
        return found

    def _tell(self, account: Account, what: str, **facts: t.Any) -> None:
        self._history.add("account", ca=CA, account=self.address(account), what=what, **facts)


def contacts(wish: t.Any) -> list[str]:
    """mailto: with one address and no headers (RFC 8555, 7.3)."""
    if not isinstance(wish, list) or len(wish) > MOST_CONTACTS:
        raise malformed(f"contact is a list of at most {MOST_CONTACTS} URLs.")
    for one in wish:
        if not isinstance(one, str) or not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", one):
            raise Problem("invalidContact", "A contact is no URL.")
        scheme, _colon, rest = one.partition(":")
        if scheme.lower() != "mailto":
            raise Problem("unsupportedContact", f"{scheme}: is no kind of contact that is used here.")
        if "?" in rest or "," in rest or not tidy(unquote(rest)):
            raise Problem("invalidContact", "A contact is not one mail address.")
    return list(wish)
