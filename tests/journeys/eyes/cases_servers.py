# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name servers that do not do their duty, servers that differ, and delegations that lead astray."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.rdatatype

from .case import Book, wants
from .net import NOBODY, SERVERS, VALUE, Net, changed, says, silent, text_of

servers = Book("a name server in trouble")
differ = Book("name servers that differ")
delegation = Book("a delegation that is wrong")

Options = dict[str, t.Any]
AT_B = SERVERS["b"]


@servers.row("one of two does not answer", ("server_silent", AT_B, "no answer within"))
def silent_server(net: Net) -> Options:
    zone = net.challenge()
    net.quirk("b", zone, silent())
    return wants(zone)


@servers.row("nothing listens at one of two", ("server_unreachable", NOBODY))
def closed_port(net: Net) -> Options:
    return wants(net.challenge(servers=("a", "nobody")))


@servers.row("one does not serve the zone", ("server_refuses", AT_B, "REFUSED"))
def lame(net: Net) -> Options:
    zone = net.challenge()
    net.drop(zone, "b")
    return wants(zone)


@servers.row("one could not load the zone", ("server_fails", AT_B, "SERVFAIL"))
def not_loaded(net: Net) -> Options:
    zone = net.challenge()
    net.quirk("b", zone, says("SERVFAIL"))
    return wants(zone)


@servers.row("one is a resolver, not an authority", ("server_lame", AT_B, "not authoritative"))
def not_authoritative(net: Net) -> Options:
    zone = net.challenge()
    net.quirk("b", zone, changed(_without_aa))
    return wants(zone)


@servers.row("one cuts its answer off and takes no TCP", ("server_unreachable", SERVERS["udp"]))
def no_tcp(net: Net) -> Options:
    long = [f"{number}" * 250 for number in range(9)]
    return wants(net.challenge(VALUE, *long, servers=("a", "udp")))


@servers.row("one answers another question than was asked", ("server_bad_answer", AT_B))
def other_question(net: Net) -> Options:
    zone = net.challenge()

    def work(response: t.Any) -> None:
        response.question[0].name = zone.origin

    net.quirk("b", zone, changed(work, "TXT"))
    return wants(zone)


@servers.row("one answers bytes that are no message", ("server_bad_answer", AT_B))
def garbage(net: Net) -> Options:
    zone = net.challenge()
    net.quirk("b", zone, lambda request, response, udp: request.to_wire()[:2] + b"\x84\x00" + b"\xc0\x0c" * 20)
    return wants(zone)


def _without_aa(response: t.Any) -> None:
    response.flags &= ~dns.flags.AA


# --- servers that differ ---------------------------------------------------------------------------------------------


@differ.row("the second does not have the record yet", ("record_missing", AT_B, "NXDOMAIN"))
def lags(net: Net) -> Options:
    zone = net.challenge()
    net.variant(zone, "b").put("_acme-challenge.www", "TXT")
    return wants(zone)


@differ.row("the second has the value of the last order", ("record_other_value", AT_B, "old-value"))
def old_value(net: Net) -> Options:
    zone = net.challenge()
    net.variant(zone, "b").put("_acme-challenge.www", "TXT", "old-value-of-the-last-order")
    return wants(zone)


@differ.row("the second has the name for another record", ("record_missing", AT_B, "no TXT record"))
def no_data(net: Net) -> Options:
    zone = net.challenge()
    net.variant(zone, "b").put("_acme-challenge.www", "TXT").put("_acme-challenge.www", "A", "192.0.2.1")
    return wants(zone)


@differ.row("their CNAMEs lead to different names, one without the value", ("record_other_value", "x2", "other"))
def other_alias(net: Net) -> Options:
    zone = net.zone()
    zone.put("x1", "TXT", VALUE).put("x2", "TXT", "other")
    zone.put("_acme-challenge.www", "CNAME", f"x1.{text_of(zone)}.")
    net.variant(zone, "b").put("_acme-challenge.www", "CNAME", f"x2.{text_of(zone)}.")
    return wants(zone)


@differ.row("each of three has its own CNAME", ("cname_differs", "servers have others"))
def three_aliases(net: Net) -> Options:
    zone = net.zone(servers=("a", "b", "c"))
    for number in range(3):
        zone.put(f"x{number}", "TXT", VALUE)
    for number, letter in enumerate("abc"):
        net.variant(zone, letter).put("_acme-challenge.www", "CNAME", f"x{number}.{text_of(zone)}.")
    return wants(zone)


@differ.row("the second has a CNAME where the first has the record", ("record_missing", "no TXT record"))
def alias_on_one(net: Net) -> Options:
    zone = net.challenge()
    zone.put("empty", "A", "192.0.2.1")
    other = net.variant(zone, "b").put("_acme-challenge.www", "TXT")
    other.put("_acme-challenge.www", "CNAME", f"empty.{text_of(zone)}.")
    return wants(zone)


@differ.row("the one that is reached by IPv6 does not have it", ("record_missing", "::1"))
def other_by_ipv6(net: Net) -> Options:
    zone = net.challenge(servers=("a", "six"))
    net.variant(zone, "six").put("_acme-challenge.www", "TXT")
    return wants(zone)


@differ.row("one node behind a name has it, another has not", ("record_missing", SERVERS["c"]))
def two_nodes(net: Net) -> Options:
    zone = net.challenge(servers=("a",))
    net.jp.put("pair.dns", "A", SERVERS["b"], SERVERS["c"])
    zone.put("@", "NS", "pair.dns.jp.")
    net.jp.put(f"{text_of(zone)}.", "NS", "pair.dns.jp.")
    for letter in "bc":
        net.variant(zone, letter)
    net.variant(zone, "c").put("_acme-challenge.www", "TXT")
    return wants(zone)


# --- delegations -----------------------------------------------------------------------------------------------------


@delegation.row(
    "nobody has registered the domain", ("zone_not_found", "not delegated", "jp"), ("record_missing", "root.jp")
)
def unregistered(net: Net) -> Options:
    return {"records": [{"name": "_acme-challenge.www.nobody-has-it.jp", "type": "TXT", "value": VALUE}]}


@delegation.row(
    "the zone above names a server that was given up",
    ("delegation_differs", "c.dns.jp"),
    ("server_refuses", SERVERS["c"]),
)
def given_up(net: Net) -> Options:
    return wants(net.challenge(named_above=("a", "c")))


@delegation.row("the zone names a server that the zone above does not know", ("delegation_differs", "b.dns.jp"))
def not_registered(net: Net) -> Options:
    return wants(net.challenge(servers=("a", "b"), named_above=("a",)))


@delegation.row(
    "the zone above has an old address of a server",
    ("delegation_differs", "other addresses", SERVERS["d"]),
    ("server_refuses", SERVERS["d"]),
)
def old_glue(net: Net) -> Options:
    zone = net.challenge(servers=("a",))
    own = f"ns.{text_of(zone)}."
    zone.put("ns", "A", SERVERS["a"]).put("@", "NS", own)
    net.jp.put(f"{text_of(zone)}.", "NS", own).put(own, "A", SERVERS["d"])
    return wants(zone)


@delegation.row("a part of the zone is delegated to a name without an address", ("delegation_broken", "no-such"))
def dead_cut(net: Net) -> Options:
    zone = net.challenge()
    zone.put("_acme-challenge.www", "TXT").put("_acme-challenge.www", "NS", "no-such.dns.jp.")
    return wants(zone)


@delegation.row(
    "a part of the zone is delegated to a server that knows nothing of it", ("server_refuses", SERVERS["c"])
)
def lame_cut(net: Net) -> Options:
    zone = net.challenge()
    zone.put("_acme-challenge.www", "TXT").put("_acme-challenge.www", "NS", "c.dns.jp.")
    return wants(zone)


@delegation.row("no name server of the zone has an address", ("zone_not_found", "no address of a name server"))
def no_addresses(net: Net) -> Options:
    zone = net.challenge()
    zone.put("@", "NS", "gone.dns.jp.", "gone2.dns.jp.")
    return wants(zone)


CASES = [*servers.cases, *differ.cases, *delegation.cases]
