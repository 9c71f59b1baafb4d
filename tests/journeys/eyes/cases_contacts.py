# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts that are published wrongly, and mailboxes that no approval reaches."""

from __future__ import annotations

import typing as t

from .case import Book, mailbox
from .net import SERVERS, Net, Signer, Zone, text_of

published = Book("a contact that is published wrongly")
mailboxes = Book("a mailbox that no approval reaches")

Options = dict[str, t.Any]
ADDRESS = "certs@mail.jp"


def _txt(net: Net, *values: t.Any) -> Zone:
    zone = net.zone()
    zone.put("_validation-contactemail", "TXT", *values)
    return zone


@published.row("nothing is published", ("contact_missing", SERVERS["a"]))
def nothing(net: Net) -> Options:
    return mailbox(net.zone(), ADDRESS)


@published.row("the address of the last person is published", ("contact_other", "someone@mail.jp"))
def other(net: Net) -> Options:
    return mailbox(_txt(net, "someone@mail.jp"), ADDRESS)


@published.row("mailto: stands before the address", ("contact_not_bare", "mailto:"))
def mailto(net: Net) -> Options:
    return mailbox(_txt(net, f"mailto:{ADDRESS}"), ADDRESS)


@published.row("a name stands before the address", ("contact_not_bare", "Server Team"))
def named(net: Net) -> Options:
    return mailbox(_txt(net, f"Server Team <{ADDRESS}>"), ADDRESS)


@published.row("one record holds a list", ("contact_not_bare", "boss@mail.jp"))
def listed(net: Net) -> Options:
    return mailbox(_txt(net, f"{ADDRESS}, boss@mail.jp"), ADDRESS)


@published.row("somebody else may approve, too", ("contact_several", "boss@mail.jp"))
def several(net: Net) -> Options:
    return mailbox(_txt(net, ADDRESS, "boss@mail.jp"), ADDRESS)


@published.row("the address lies in two strings", ("contact_pieces", "2 strings"))
def pieces(net: Net) -> Options:
    return mailbox(_txt(net, ("certs@", "mail.jp")), ADDRESS)


@published.row("CAA records of the name hide the contact of the domain", ("contact_hidden", "do not count"))
def hidden(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "CAA", f'0 contactemail "{ADDRESS}"').put("shop", "CAA", '0 issue "jprs.jp"')
    return mailbox(zone, ADDRESS, "caa", f"shop.{text_of(zone)}")


@published.row("the RNAME is the mailbox of the DNS host", ("contact_hosts_own", "Amazon Route 53"))
def hosts_own(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "SOA", "a.dns.jp. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400")
    return mailbox(zone, ADDRESS, "soa")


@published.row("the RNAME is a dot", ("contact_no_mailbox", "RNAME ."))
def no_rname(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "SOA", "a.dns.jp. . 1 7200 900 1209600 86400")
    return mailbox(zone, ADDRESS, "soa")


@published.row("a contact for one name stands at the whole domain", ("contact_widens", "every name below"))
def widens(net: Net) -> Options:
    zone = _txt(net, ADDRESS)
    return mailbox(zone, ADDRESS, dns_names=[f"shop.{text_of(zone)}"])


@published.row("the zone with the contact is bogus", ("dnssec_expired", "_validation-contactemail"))
def bogus(net: Net) -> Options:
    origin = net.fresh()
    signer = Signer(origin, lambda _name, type: "expired" if type == "TXT" else "")
    zone = net.zone(origin, signer=signer)
    zone.put("_validation-contactemail", "TXT", ADDRESS)
    return mailbox(zone, ADDRESS)


# --- mailboxes -------------------------------------------------------------------------------------------------------


def _at(zone: Zone, local: str = "hostmaster") -> Options:
    return mailbox(zone, f"{local}@{text_of(zone)}", "constructed")


@mailboxes.row("the domain takes no mail and says so", ("contact_null_mx", "RFC 7505"))
def null_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "MX", "0 .")
    return _at(zone)


@mailboxes.row(
    "the domain has neither a mail host nor an address", ("contact_no_mail_host", "neither MX nor an address")
)
def no_host(net: Net) -> Options:
    return _at(net.zone())


@mailboxes.row("the domain of the address does not exist", ("contact_no_mail_host", "NXDOMAIN"))
def no_domain(net: Net) -> Options:
    return mailbox(_txt(net, "certs@mail-typo.jp"), "certs@mail-typo.jp")


@mailboxes.row("its only mail host has no address", ("contact_no_mail_host", "has no address"))
def dead_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "MX", f"10 mx.{text_of(zone)}.")
    return _at(zone)


@mailboxes.row("an address stands where the mail host's name should", ("contact_no_mail_host", "is an address"))
def literal_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "MX", "10 192.0.2.25.")
    return _at(zone)


@mailboxes.row("one of two mail hosts is gone", ("contact_weak_mx", "mx2"))
def weak_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "MX", "10 mx.mail.jp.", f"20 mx2.{text_of(zone)}.")
    return _at(zone)


@mailboxes.row("the mail host is an alias", ("contact_weak_mx", "is an alias"))
def alias_mx(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "MX", f"10 mx.{text_of(zone)}.").put("mx", "CNAME", "mx.mail.jp.")
    return _at(zone)


@mailboxes.row("the mailbox is at a public mail service", ("contact_public_host", "yahoo.co.jp"))
def public_host(net: Net) -> Options:
    net.jp.put("yahoo.co", "MX", "10 mx.mail.jp.")
    return mailbox(_txt(net, "taro@yahoo.co.jp"), "taro@yahoo.co.jp")


CASES = [*published.cases, *mailboxes.cases]
