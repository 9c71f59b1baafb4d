# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a small company declares: five certificates, each validated in another way, as its inventory says it.

    shop     by mail to the mailbox that a TXT record names; somebody presses 承認する
    www      by a file on two hosts, for the name with and without www; the crawler comes when it comes
    apps     a wildcard, by a DNS record
    corp     by linkage with the registrar: no mail, no file, no record
    members  by mail to a constructed address; somebody presses 承認しない

What differs from host to host is a variable of the host.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

Certificate = dict[str, t.Any]

CONTACT = "certs@example.co.jp"
#: the name of the record before the domain
CONTACT_LABEL = "_validation-contactemail"
REFUSER = "hostmaster@example.jp"
#: zone -> the mailbox that its SOA is to name
MAILBOXES = {"example.com": "dns.admin@example.co.jp"}

DEPLOY: t.Mapping[str, t.Any] = {
    "reload": {"pid_file": "{{ lab_pid_file }}", "signal": "HUP"},
    "handshake": {"address": "{{ lab_address }}", "port": "{{ lab_https_port | int }}"},
}


def certificates() -> list[Certificate]:
    return [shop(), www(), apps(), corp(), members()]


def shop() -> Certificate:
    return by_mail("shop", "shop.example.jp", "txt", CONTACT)


def www() -> Certificate:
    return by_file("www", "www.example.jp", "example.jp", options={"double_address": True})


def apps() -> Certificate:
    return _certificate("apps", "*.apps.example.com", validation={"method": "dns"}, product="digicert-dv", hosts="web2")


def corp() -> Certificate:
    return by_registrar("corp", "corp.example.co.jp", hosts="web1")


def members() -> Certificate:
    return by_mail("members", "members.example.jp", "constructed", REFUSER, hosts="web1")


def by_file(name: str, common_name: str, *others: str, hosts: str = "webservers", **more: t.Any) -> Certificate:
    """Validated by a file on the hosts that serve it."""
    validation = {"method": "file", "document_root": "{{ lab_document_root }}", "hosts": hosts}
    return _certificate(name, common_name, *others, hosts=hosts, validation=validation, **more)


def by_registrar(name: str, common_name: str, *others: str, hosts: str = "webservers") -> Certificate:
    return _certificate(name, common_name, *others, hosts=hosts, validation={"method": "registrar"})


def by_mail(name: str, common_name: str, kind: str, address: str, hosts: str = "webservers") -> Certificate:
    contact = {"kind": kind, "address": address}
    return _certificate(name, common_name, validation={"method": "email", "contact": contact}, hosts=hosts)


def _certificate(name: str, common_name: str, *others: str, **more: t.Any) -> Certificate:
    return {
        "name": name,
        "common_name": common_name,
        "dns_names": list(others),
        "product": "jprs-dv",
        "ca_account": "labssl",
        "key": {"type": "ecdsa-p256"},
        "hosts": "webservers",
        "deploy": dict(DEPLOY),
        **more,
    }


#: certificate -> (a name to ask for in the handshake, the hosts that serve it)
SERVED: t.Mapping[str, tuple[str, tuple[str, ...]]] = {
    "shop": ("shop.example.jp", ("web1", "web2")),
    "www": ("example.jp", ("web1", "web2")),
    "apps": ("any.apps.example.com", ("web2",)),
    "corp": ("corp.example.co.jp", ("web1",)),
}


@dataclass(frozen=True)
class Company:
    """Another company with the same five certificates: in three domains of its own, from a seller of its own."""

    account: str

    @property
    def domains(self) -> list[str]:
        return [f"{self.account}.{suffix}" for suffix in ("jp", "co.jp", "com")]

    @property
    def refuser(self) -> str:
        return t.cast(str, self._its(REFUSER))

    @property
    def contact(self) -> str:
        return t.cast(str, self._its(CONTACT))

    def name(self, certificate: str) -> str:
        return f"{certificate}-{self.account}"

    def certificates(self) -> list[Certificate]:
        return [
            {**self._its(one), "name": self.name(one["name"]), "ca_account": self.account} for one in certificates()
        ]

    def served(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        return {self.name(name): (self._its(asked_for), hosts) for name, (asked_for, hosts) in SERVED.items()}

    def _its(self, value: t.Any) -> t.Any:
        if isinstance(value, str):
            return re.sub(r"\bexample(?=\.(co\.jp|com|jp)\b)", self.account, value)
        if isinstance(value, dict):
            return {key: self._its(one) for key, one in value.items()}
        return [self._its(one) for one in value] if isinstance(value, list) else value
