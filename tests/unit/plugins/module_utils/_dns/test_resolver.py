# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is authoritative, found without ever asking a resolver for the record itself."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Server as Address
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.internet import Door, Internet, Recursor
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server

RESOLVER = "192.0.2.1"


def hosting(zone: str, **addresses: str) -> Server:
    """A server of one zone whose NS are ``ns…`` with these addresses."""
    server = Server(zones=[zone]).put(zone, "NS", *(f"{host}.{zone}." for host in addresses))
    for host, address in addresses.items():
        server.put(f"{host}.{zone}", "AAAA" if ":" in address else "A", address)
    return server


def world() -> tuple[Internet, Resolver]:
    one = hosting("example.test", ns1="192.0.2.11", ns2="2001:db8::12").put("www.example.test", "A", "192.0.2.80")
    two = hosting("cdn.test", ns1="192.0.2.21").put("www.cdn.test", "A", "192.0.2.90")
    internet = Internet({"192.0.2.11": one, "2001:db8::12": one, "192.0.2.21": two, RESOLVER: Recursor([one, two])})
    return internet, Resolver([RESOLVER], internet.exchange_to)


def test_every_address_of_every_name_server_is_found() -> None:
    _internet, resolver = world()
    zone = resolver.zone_of("_acme-challenge.www.example.test")
    assert zone.name == "example.test"
    assert zone.servers == (Address("ns1.example.test", "192.0.2.11"), Address("ns2.example.test", "2001:db8::12"))


def test_the_record_itself_is_never_asked_of_a_resolver() -> None:
    internet, resolver = world()
    name = "_acme-challenge.www.example.test"
    assert resolver.alias_of(name) is None
    assert name not in {asked for asked, _type in internet.asked_of(RESOLVER)}
    assert (name, "CNAME") in internet.asked_of("192.0.2.11")


def test_a_name_that_is_an_alias_does_not_hide_the_zone_it_is_in() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].records.pop(("www.example.test", "A"))
    internet.servers["192.0.2.11"].put("www.example.test", "CNAME", "www.cdn.test.")
    assert resolver.zone_of("_acme-challenge.www.example.test").name == "example.test"


def test_a_cname_is_seen_where_it_is_published() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].put("_acme-challenge.example.test", "CNAME", "x.cdn.test.")
    assert resolver.alias_of("_acme-challenge.example.test") == "x.cdn.test"


def test_values_are_read_where_they_are_published_and_behind_a_cname() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].put("example.test", "CAA", '0 issue "ca.test"').put(
        "alias.example.test", "CNAME", "www.cdn.test."
    )
    internet.servers["192.0.2.21"].put("www.cdn.test", "CAA", '0 issue ";"')
    assert resolver.values_of(Question("example.test", "CAA")) == {'0 issue "ca.test"'}
    assert resolver.values_of(Question("alias.example.test", "CAA")) == {'0 issue ";"'}
    assert resolver.values_of(Question("none.example.test", "CAA")) == frozenset()
    assert "CAA" not in {type for _name, type in internet.asked_of(RESOLVER)}


def test_values_behind_cnames_in_a_circle_are_not_looked_for_for_ever() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].put("a.example.test", "CNAME", "b.example.test.")
    internet.servers["192.0.2.11"].put("b.example.test", "CNAME", "a.example.test.")
    with pytest.raises(InkanError, match="or a loop"):
        resolver.values_of(Question("a.example.test", "CAA"))


def test_a_cname_in_a_delegated_zone_is_seen_there() -> None:
    internet, resolver = world()
    parent = internet.servers["192.0.2.11"]
    parent.put("_acme-challenge.example.test", "NS", "ns.deep.test.").put("ns.deep.test", "A", "192.0.2.31")
    internet.servers["192.0.2.31"] = Server(zones=["_acme-challenge.example.test"]).put(
        "_acme-challenge.example.test", "CNAME", "y.cdn.test."
    )
    assert resolver.alias_of("_acme-challenge.example.test") == "y.cdn.test"


def test_addresses_are_found_through_cnames() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].put("shop.example.test", "CNAME", "www.cdn.test.")
    assert resolver.addresses("shop.example.test") == ("192.0.2.90",)


def test_the_next_resolver_is_asked_for_what_the_first_refuses() -> None:
    internet, _resolver = world()
    internet.servers["192.0.2.2"] = Server(zones=["other.test"])
    resolver = Resolver(["192.0.2.2", "192.0.2.9", RESOLVER], internet.exchange_to)
    assert resolver.zone_of("_acme-challenge.example.test").name == "example.test"


def test_a_silent_resolver_and_a_silent_server_are_passed_over() -> None:
    internet, _resolver = world()
    resolver = Resolver(["192.0.2.9", RESOLVER], internet.exchange_to)
    del internet.servers["192.0.2.11"]  # the first of two addresses of the zone
    internet.servers["2001:db8::12"].put("_acme-challenge.example.test", "CNAME", "x.cdn.test.")
    assert resolver.alias_of("_acme-challenge.example.test") == "x.cdn.test"


def test_a_server_that_cannot_tell_is_passed_over_and_named_if_no_other_can() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"] = Server(forced_rcode=dns.rcode.SERVFAIL)
    assert resolver.alias_of("_acme-challenge.example.test") is None
    internet.failures["2001:db8::12"] = "dns_no_answer"
    with pytest.raises(InkanError) as error:
        resolver.alias_of("_acme-challenge.example.test")
    assert error.value.why == "192.0.2.11: SERVFAIL; 2001:db8::12: silence"


def test_resolvers_are_asked_to_recurse_and_authoritative_servers_are_not() -> None:
    internet, _resolver = world()
    desired: dict[str, set[bool]] = {}

    def exchange_to(address: str) -> Door:
        door = internet.exchange_to(address)
        send = door.send

        def listening(message: dns.message.Message) -> dns.message.Message:
            desired.setdefault(address, set()).add(bool(message.flags & dns.flags.RD))
            return send(message)

        door.send = listening  # type: ignore[method-assign]
        return door

    Resolver([RESOLVER], exchange_to).alias_of("_acme-challenge.example.test")
    assert desired == {RESOLVER: {True}, "192.0.2.11": {False}}


def test_a_name_server_without_an_address_does_not_hide_the_others() -> None:
    internet, resolver = world()
    server = internet.servers["192.0.2.11"]
    server.put("example.test", "NS", "ns.nowhere.invalid.", "ns1.example.test.")
    assert [one.address for one in resolver.zone_of("x.example.test").servers] == ["192.0.2.11"]
    server.put("_acme-challenge.example.test", "NS", "ns.nowhere.invalid.")
    with pytest.raises(InkanError, match=r"name servers: ns.nowhere.invalid"):
        resolver.alias_of("_acme-challenge.example.test")


def test_authoritative_servers_without_recursion_will_do() -> None:
    internet, _resolver = world()
    internet.servers["192.0.2.11"].put("alias.example.test", "CNAME", "www.cdn.test.")
    resolver = Resolver(["192.0.2.11", "192.0.2.21"], internet.exchange_to)
    assert resolver.zone_of("_acme-challenge.www.example.test").name == "example.test"
    assert resolver.zone_of("x.cdn.test").name == "cdn.test"
    assert resolver.addresses("alias.example.test") == ("192.0.2.90",)


def test_a_referral_of_such_a_server_is_followed() -> None:
    internet, _resolver = world()
    parent = Server(zones=["test"]).put("example.test", "NS", "ns1.example.test.")
    internet.servers["192.0.2.5"] = parent.put("ns1.example.test", "A", "192.0.2.11")
    resolver = Resolver(["192.0.2.5"], internet.exchange_to)
    assert resolver.zone_of("_acme-challenge.www.example.test").name == "example.test"


def test_when_nobody_knows_each_word_is_kept() -> None:
    internet, _resolver = world()
    internet.servers["192.0.2.2"] = Server(zones=["other.test"])
    resolver = Resolver(["192.0.2.2", "192.0.2.9"], internet.exchange_to)
    with pytest.raises(InkanError) as error:
        resolver.zone_of("_acme-challenge.example.test")
    assert error.value.code == "dns_unresolved"
    assert "192.0.2.2: REFUSED" in error.value.why
    assert "192.0.2.9: silence" in error.value.why


def test_no_resolver_at_all_says_where_to_name_one() -> None:
    with pytest.raises(InkanError, match=r"sight.resolvers"):
        Resolver([], Internet().exchange_to).zone_of("_acme-challenge.example.test")


def test_cnames_in_a_circle_end() -> None:
    internet, resolver = world()
    internet.servers["192.0.2.11"].put("a.example.test", "CNAME", "b.example.test.")
    internet.servers["192.0.2.11"].put("b.example.test", "CNAME", "a.example.test.")
    with pytest.raises(InkanError):
        resolver.addresses("a.example.test")


def test_a_zone_with_thousands_of_servers_is_bounded() -> None:
    many = Server(zones=["big.test"]).put("big.test", "NS", *(f"n{number}.big.test." for number in range(100)))
    for number in range(100):
        many.put(f"n{number}.big.test", "A", *(f"198.51.100.{(number * 7 + part) % 250}" for part in range(5)))
    internet = Internet({RESOLVER: many})
    assert len(Resolver([RESOLVER], internet.exchange_to).zone_of("x.big.test").servers) == 32
