# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row of the table: a situation, how it is set up, and what must be found in it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .net import TOKEN, VALUE, Net, Zone, text_of

#: what is found: code, and words that its where and why must hold
Finds = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """make: sets the net up and returns the options of dcv_check: an item of ``checks``, ``sight`` beside it."""

    klass: str
    situation: str
    make: t.Callable[[Net], dict[str, t.Any]]
    finds: tuple[Finds, ...]

    @property
    def codes(self) -> set[str]:
        return {find[0] for find in self.finds}


@dataclass
class Book:
    """Rows in the order in which they are written."""

    klass: str
    cases: list[Case] = field(default_factory=list)

    def row(self, situation: str, *finds: Finds) -> t.Callable[[t.Any], t.Any]:
        def keep(make: t.Callable[[Net], dict[str, t.Any]]) -> t.Callable[[Net], dict[str, t.Any]]:
            self.cases.append(Case(self.klass, situation, make, finds))
            return make

        return keep


def wants(zone: Zone, owner: str = "_acme-challenge.www", value: str = VALUE, **more: t.Any) -> dict[str, t.Any]:
    """A check of one record of the zone."""
    record = {"name": f"{owner}.{text_of(zone)}", "type": more.pop("type", "TXT"), "value": value}
    return {"records": [record], **more}


def may_issue(zone: Zone, *names: str, **more: t.Any) -> dict[str, t.Any]:
    """A check of the CAA records of names; "" is the zone itself. By JPRS, unless it says otherwise."""
    full = [f"{name}.{text_of(zone)}" if name else text_of(zone) for name in names or ("www",)]
    return {"ca": "jprs", "dns_names": full, **more}


def mailbox(zone: Zone, address: str, kind: str = "txt", domain: str = "", **more: t.Any) -> dict[str, t.Any]:
    return {"contacts": [{"kind": kind, "domain": domain or text_of(zone), "address": address}], **more}


def site(net: Net, *addresses: str, host: str = "www", **more: t.Any) -> str:
    """A host of a new zone at these web servers; its name."""
    zone = net.zone(**more)
    four = [one for one in addresses if ":" not in one]
    zone.put(host, "A", *four).put(host, "AAAA", *(one for one in addresses if ":" in one))
    return f"{host}.{text_of(zone)}"


ACME = f"/.well-known/acme-challenge/{TOKEN}"
PKI = "/.well-known/pki-validation/file.txt"


def file(host: str, content: str = VALUE, path: str = PKI, **more: t.Any) -> dict[str, t.Any]:
    return {"files": [{"url": f"http://{host}{path}", "content": content}], **more}
