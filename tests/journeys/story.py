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

import typing as t

Certificate = dict[str, t.Any]

CONTACT = "certs@example.co.jp"
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
    contact = {"kind": "txt", "address": CONTACT}
    return _certificate("shop", "shop.example.jp", validation={"method": "email", "contact": contact})


def www() -> Certificate:
    validation = {"method": "file", "document_root": "{{ lab_document_root }}", "hosts": "webservers"}
    return _certificate("www", "www.example.jp", "example.jp", validation=validation, options={"double_address": True})


def apps() -> Certificate:
    return _certificate("apps", "*.apps.example.com", validation={"method": "dns"}, product="digicert-dv", hosts="web2")


def corp() -> Certificate:
    return _certificate("corp", "corp.example.co.jp", validation={"method": "registrar"}, hosts="web1")


def members() -> Certificate:
    contact = {"kind": "constructed", "address": REFUSER}
    return _certificate(
        "members", "members.example.jp", validation={"method": "email", "contact": contact}, hosts="web1"
    )


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
