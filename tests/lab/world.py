# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the made-up world is at the start: zones, names, addresses. All of it can be changed while the lab runs."""

from __future__ import annotations

import typing as t

from .dns_server import ADDRESSES as DNS_ADDRESSES
from .dns_server import NAMES as DNS_NAMES
from .dns_zone import Record, Zone, name_of, new_zone

ZONES = ("example.jp", "example.co.jp", "example.com")
LAB_ZONE = "lab.example"
MAIL_HOST = "mail.lab.example"
MAIL_ADDRESS = "127.0.0.1"
#: names of every zone that all web hosts serve, and those that only the first or the last serves
ON_ALL = ("@", "www", "shop", "www.shop", "files", "www.files")
ON_FIRST = ("api", "www.api", "blog", "corp", "members")
ON_LAST = ("intra", "www.intra")

#: zone -> records as people write them, see dns_zone.py
Extra = t.Mapping[str, t.Iterable[Record]]


def web_address(number: int) -> str:
    """Of the web hosts: 127.0.0.11, 127.0.0.12, ..."""
    return f"127.0.0.{11 + number}"


def first_zones(web_addresses: t.Sequence[str], extra: Extra | None = None) -> list[Zone]:
    records = {zone: usual_records(web_addresses) for zone in ZONES}
    records[LAB_ZONE] = [
        *((name, "A", address) for name, address in zip(DNS_NAMES, DNS_ADDRESSES, strict=True)),
        (MAIL_HOST, "A", MAIL_ADDRESS),
        ("api", "A", "127.0.0.1"),
    ]
    for zone, more in (extra or {}).items():
        records.setdefault(zone, [("@", "MX", f"10 {MAIL_HOST}")]).extend(more)
    return [new_zone(name_of(zone), DNS_NAMES, its) for zone, its in records.items()]


def usual_records(web_addresses: t.Sequence[str]) -> list[Record]:
    """Of a zone of somebody who runs these web hosts."""
    all_hosts = [(name, "A", address) for name in ON_ALL for address in web_addresses]
    first = [(name, "A", web_addresses[0]) for name in ON_FIRST if web_addresses]
    last = [(name, "A", web_addresses[-1]) for name in ON_LAST if web_addresses]
    # every name takes mail, as the constructed addresses at it are of use only then
    mail = [(name, "MX", f"10 {MAIL_HOST}") for name in dict.fromkeys((*ON_ALL, *ON_FIRST, *ON_LAST))]
    return [*mail, *all_hosts, *first, *last]
