# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains of OV and EV orders: CertCentral validates them beside the order, and keeps them for the next ones.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.answers import (
    Token,
    listed,
    number_of,
    text_of_field,
    unusable,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.network import Call, Network
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error

__all__ = ["Domain", "Domains"]

_DONE = frozenset({"complete", "active", "valid"})


@dataclass(frozen=True)
class Domain:
    """token: None where there is none, or none that can be read. is_done: its control is proved."""

    number: str
    name: str
    is_done: bool
    token: Token | None


class Domains:
    def __init__(self, network: Network) -> None:
        self._network = network

    def add(self, name: str, organization: int, level: str, method: str, mails: t.Sequence[str] = ()) -> str:
        """Submit it for validation before anything is ordered; its number, "" where DigiCert will not have it now (it
        most likely has it already: then the order tells)."""
        body: dict[str, t.Any] = {
            "name": name,
            "organization": {"id": organization},
            "validations": [{"type": level}],
            "dcv_method": method,
        }
        if mails:
            body["email_array"] = list(mails)
        try:
            data = self._network.ask(Call("POST", "/domain", "submit a domain", body))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return ""
        return number_of(data.get("id")) if isinstance(data, dict) else ""

    def show(self, number: str) -> Domain:
        path = f"/domain/{number}?include_dcv=true&include_validation=true"
        data = self._network.ask(Call("GET", path, "show a domain"))
        if not isinstance(data, dict):
            raise unusable("there is no domain in it", f"it is a {type(data).__name__}")
        name = text_of_field(data, "name").lower().rstrip(".")
        if dns_name_error(name, wildcard=False):
            raise unusable("the domain in it has no name", f"name is {name!r}")
        words = [one.get("dcv_status") for one in listed(data.get("validations")) if isinstance(one, dict)]
        token = Token.read(data["dcv_token"], "token") if isinstance(data.get("dcv_token"), dict) else None
        is_done = bool(words) and all(word in _DONE for word in words)
        return Domain(number, name, is_done or bool(token and token.is_done), token)

    def known(self, domain: Domain, now: datetime) -> Token | None:
        """The one that is valid, if there is one."""
        token = domain.token
        if domain.is_done:
            return replace(token, is_done=True) if token else Token("", is_done=True)
        return token if token is not None and (token.expires is None or token.expires > now) else None

    def token(self, domain: Domain, method: str, now: datetime) -> Token:
        """The one that is valid; else a new one, or where there is nothing to renew the validation begun again."""
        known = self.known(domain, now)
        if known is not None:
            return known
        try:
            return self._token_of(Call("POST", f"/domain/{domain.number}/dcv/token", "new token of a domain"))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return self._begun_again(domain, method)

    def _begun_again(self, domain: Domain, method: str) -> Token:
        """With our method: the one before may have been by mail."""
        path = f"/domain/{domain.number}/dcv/method"
        try:
            return self._token_of(Call("PUT", path, "change the method of a domain", {"dcv_method": method}))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            path = f"/domain/{domain.number}/validation"
            return self._token_of(Call("POST", path, "submit a domain again", {"dcv_method": method}))

    def _token_of(self, call: Call) -> Token:
        data = self._network.ask(call)
        fields = data if isinstance(data, dict) else {}
        return Token.read(fields.get("dcv_token", fields), "token")

    def check(self, number: str) -> str:
        """ "" when it is proved now, else DigiCert's words."""
        try:
            data = self._network.ask(Call("PUT", f"/domain/{number}/dcv/validate-token", "check a domain"))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return refusal.why
        is_proved = isinstance(data, dict) and data.get("status") in _DONE
        return "" if is_proved else "DigiCert has looked, and counts it as not validated yet"

    def addresses(self, name_or_number: str) -> tuple[str, ...]:
        """Where approval mails can go: constructed ones, and those of the name's TXT record."""
        path = f"/domain/{urllib.parse.quote(name_or_number, safe='')}/dcv/emails"
        data = self._network.ask(Call("GET", path, "addresses of a domain"))
        fields = data if isinstance(data, dict) else {}
        found = [*listed(fields.get("base_emails")), *listed(fields.get("dns_txt_emails"))]
        return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and len(one) <= 254))

    def send_mails(self, number: str, mails: t.Sequence[str], locale: str) -> None:
        body: dict[str, t.Any] = {"email_array": list(mails)} if mails else {}
        if locale:
            body["locale"] = locale
        self._network.ask(Call("PUT", f"/domain/{number}/dcv/emails", "send approval mails", body))
