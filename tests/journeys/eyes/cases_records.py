# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that people and services published wrongly, CNAMEs that lead nowhere, and views that differ."""

from __future__ import annotations

import typing as t

from .case import Book, wants
from .net import INNER, SERVERS, VALUE, Net, Zone, silent, text_of

records = Book("a record that is not what it should be")
aliases = Book("a CNAME that leads nowhere")
views = Book("a view that the CA does not share")

Options = dict[str, t.Any]


@records.row("the service keeps the quotes that were typed", ("record_quoted", VALUE))
def quoted(net: Net) -> Options:
    return wants(net.challenge(f'"{VALUE}"'))


@records.row("a blank came along when it was copied", ("record_spaced", VALUE))
def spaced(net: Net) -> Options:
    return wants(net.challenge(f"{VALUE} "))


@records.row("the service made all letters small", ("record_case", VALUE.lower()))
def small(net: Net) -> Options:
    return wants(net.challenge(VALUE.lower()))


@records.row("it lies in two records, where it should be one of two strings", ("record_split", VALUE[:20]))
def split(net: Net) -> Options:
    return wants(net.challenge(VALUE[:20], VALUE[20:]))


@records.row("the service cut a long value at its semicolon", ("record_cut", "jprs.jp"))
def cut(net: Net) -> Options:
    zone = net.zone()
    zone.put("_validation-persist.www", "TXT", "jprs.jp")
    value = "jprs.jp; accounturi=https://ca.example/acct/1"
    return wants(zone, "_validation-persist.www", value)


@records.row("the zone was typed behind the name once more", ("record_doubled_name", "www.d"), ("record_missing",))
def doubled(net: Net) -> Options:
    zone = net.zone()
    zone.put(f"_acme-challenge.www.{text_of(zone)}", "TXT", VALUE)
    return wants(zone)


@records.row(
    "a CNAME was asked for and a TXT record was made", ("record_other_type", "as TXT"), ("record_missing", "no CNAME")
)
def other_type(net: Net) -> Options:
    zone = net.zone()
    zone.put("_dnsauth.www", "TXT", "dcv.digicert.com")
    return wants(zone, "_dnsauth.www", "dcv.digicert.com", type="CNAME")


@records.row("a wildcard answers for the name that was forgotten", ("record_other_value", "v=spf1"))
def wildcard(net: Net) -> Options:
    zone = net.zone()
    zone.put("*", "TXT", "v=spf1 -all")
    return wants(zone)


@records.row("a CAA property is there with another tag", ("record_other_value", "contactphone"))
def other_tag(net: Net) -> Options:
    zone = net.zone()
    zone.put("@", "CAA", '0 contactphone "+81312345678"')
    return {"records": [{"name": text_of(zone), "type": "CAA", "value": '0 contactemail "certs@mail.jp"'}]}


# --- CNAMEs ----------------------------------------------------------------------------------------------------------


def _alias(zone: Zone, target: str) -> Options:
    zone.put("_acme-challenge.www", "CNAME", target)
    return wants(zone)


@aliases.row("two CNAMEs point to each other", ("cname_loop", "in a circle"))
def circle(net: Net) -> Options:
    zone = net.zone()
    zone.put("other", "CNAME", f"_acme-challenge.www.{text_of(zone)}.")
    return _alias(zone, f"other.{text_of(zone)}.")


@aliases.row("a CNAME points to itself", ("cname_loop", "in a circle"))
def itself(net: Net) -> Options:
    zone = net.zone()
    return _alias(zone, f"_acme-challenge.www.{text_of(zone)}.")


@aliases.row("twelve CNAMEs stand in a row", ("cname_too_long", "more than 8"))
def long_row(net: Net) -> Options:
    zone = net.zone()
    for number in range(12):
        zone.put(f"c{number}", "CNAME", f"c{number + 1}.{text_of(zone)}.")
    zone.put("c12", "TXT", VALUE)
    return _alias(zone, f"c0.{text_of(zone)}.")


@aliases.row("the name behind it was removed", ("cname_dangling", "tokens", "NXDOMAIN"))
def removed(net: Net) -> Options:
    tokens = net.zone(servers=("c",))
    return _alias(net.zone(), f"tokens.{text_of(tokens)}.")


@aliases.row("the domain behind it was given up", ("cname_dangling", "given-up.jp", "NXDOMAIN"))
def given_up(net: Net) -> Options:
    return _alias(net.zone(), "tokens.given-up.jp.")


@aliases.row("the server of the zone behind it is silent", ("server_silent", SERVERS["c"], "tokens"))
def silent_target(net: Net) -> Options:
    tokens = net.zone(servers=("c",))
    tokens.put("tokens", "TXT", VALUE)
    net.quirk("c", tokens, silent())
    return _alias(net.zone(), f"tokens.{text_of(tokens)}.")


@aliases.row("a CNAME stands beside the record", ("cname_beside_data", "beside TXT"))
def beside(net: Net) -> Options:
    zone = net.challenge()
    zone.shows_both = True
    zone.put("_acme-challenge.www", "CNAME", "tokens.mail.jp.")
    return wants(zone)


@aliases.row("the zone behind it has no server with an address", ("cname_dangling", "leads nowhere", "no address"))
def headless_target(net: Net) -> Options:
    tokens = net.zone(servers=("gone",))
    return _alias(net.zone(), f"tokens.{text_of(tokens)}.")


# --- views -----------------------------------------------------------------------------------------------------------


def _inside(net: Net, zone: Zone) -> Zone:
    """What the resolver of this machine sees instead."""
    inner = net.inner[zone.origin] = zone.copy()
    return inner


OWN = {"own_resolvers": [INNER]}


@views.row("an inner zone of the same name has its own servers", ("view_other_servers", INNER, "dc1.corp.jp"))
def split_horizon(net: Net) -> Options:
    zone = net.challenge()
    _inside(net, zone).put("@", "NS", "dc1.corp.jp.").put("_acme-challenge.www", "TXT")
    return wants(zone, sight=OWN)


@views.row("this machine's resolver still knows the last value", ("view_other_value", INNER, "last-value"))
def remembered(net: Net) -> Options:
    zone = net.challenge()
    _inside(net, zone).put("_acme-challenge.www", "TXT", "last-value")
    return wants(zone, sight=OWN)


@views.row("this machine's resolver remembers that nothing was there", ("view_missing", INNER, "NXDOMAIN"))
def remembered_absence(net: Net) -> Options:
    zone = net.challenge()
    _inside(net, zone).put("_acme-challenge.www", "TXT")
    return wants(zone, sight=OWN)


@views.row("the inner view lacks what the outer CNAME leads to", ("view_missing", INNER))
def inner_alias(net: Net) -> Options:
    zone = net.zone()
    zone.put("_acme-challenge.www", "CNAME", f"tokens.{text_of(zone)}.").put("tokens", "TXT", VALUE)
    _inside(net, zone).put("tokens", "TXT").put("tokens", "A", "10.0.0.1")
    return wants(zone, sight=OWN)


@views.row("all name servers that are found are inside", ("view_private_servers", SERVERS["a"]))
def inner_servers(net: Net) -> Options:
    return wants(net.challenge(), sight={"private_addresses": False})


CASES = [*records.cases, *aliases.cases, *views.cases]
