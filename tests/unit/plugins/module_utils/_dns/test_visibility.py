# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every server must show the value, itself or behind its CNAME."""

from __future__ import annotations

import typing as t

import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish, look
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.internet import Internet
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server

ZONE = "example.test"
NAME = f"_acme-challenge.www.{ZONE}"
FIRST, SECOND, SIXTH = "192.0.2.11", "192.0.2.12", "2001:db8::13"


def server(*addresses: str, zone: str = ZONE) -> Server:
    one = Server(zones=[zone]).put(zone, "NS", *(f"ns{number}.{zone}." for number, _one in enumerate(addresses, 1)))
    for number, address in enumerate(addresses, 1):
        one.put(f"ns{number}.{zone}", "AAAA" if ":" in address else "A", address)
    return one


def internet(*addresses: str) -> Internet:
    return Internet({address: server(*addresses) for address in addresses})


def seen(net: Internet, *wishes: Wish) -> list[Sighting]:
    resolver = Resolver(["192.0.2.11", "192.0.2.21"], net.exchange_to)
    found = look(wishes, resolver, SerialExecutor())
    return [found[wish] for wish in wishes]


def wish(value: str = "v", name: str = NAME, type: str = "TXT") -> Wish:
    return Wish(name, type, value)


def test_visible_when_every_server_has_it_among_others() -> None:
    net = internet(FIRST, SECOND)
    for one in net.servers.values():
        one.put(NAME, "TXT", '"other"', '"v"')
    (sighting,) = seen(net, wish())
    assert sighting.visible
    assert [(row.server, row.address, row.found) for row in sighting.rows] == [
        (f"ns1.{ZONE}", FIRST, True),
        (f"ns2.{ZONE}", SECOND, True),
    ]
    assert sighting.lacking == sighting.warnings == ()


def test_the_server_that_lacks_it_is_named_with_its_words() -> None:
    net = internet(FIRST, SECOND)
    net.servers[FIRST].put(NAME, "TXT", '"v"')
    net.servers[SECOND].put(NAME, "TXT", '"old\x1b"')
    (sighting,) = seen(net, wish())
    assert not sighting.visible
    assert sighting.lacking == (f'TXT {NAME}: ns2.{ZONE} ({SECOND}) has "old\\027"',)


def test_strings_are_joined_before_they_are_compared() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "TXT", '"one " "two"')
    assert [one.visible for one in seen(net, wish("one two"), wish("one"))] == [True, False]


def test_a_cname_is_followed_and_both_names_are_shown() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "CNAME", "x.tokens.test.")
    net.servers["192.0.2.21"] = server("192.0.2.21", zone="tokens.test").put("x.tokens.test", "TXT", '"v"')
    good, bad = seen(net, wish(), wish("other"))
    assert good.visible
    assert [row.record for row in good.rows] == [NAME, "x.tokens.test"]
    assert not bad.visible
    assert bad.lacking == (f'TXT {NAME}: ns1.tokens.test (192.0.2.21) at x.tokens.test has "v"',)


def test_a_cname_on_one_server_only_is_a_lack_of_the_other() -> None:
    net = internet(FIRST, SECOND)
    net.servers[FIRST].put(NAME, "CNAME", "x.tokens.test.")
    net.servers["192.0.2.21"] = server("192.0.2.21", zone="tokens.test").put("x.tokens.test", "TXT", '"v"')
    (sighting,) = seen(net, wish())
    assert sighting.lacking == (f"TXT {NAME}: ns2.{ZONE} ({SECOND}) says NXDOMAIN",)


def test_a_name_delegated_to_nobody_is_a_lack_with_its_reason() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "NS", "ns.nowhere.invalid.")
    (sighting,) = seen(net, wish())
    assert not sighting.visible
    assert "ns.nowhere.invalid" in sighting.lacking[0]


def test_five_values_are_shown_without_more() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "TXT", *(f'"{number}"' for number in range(5)))
    assert seen(net, wish())[0].lacking[0].endswith('"4"')


def test_servers_that_point_to_different_names_must_all_lead_to_the_value() -> None:
    net = internet(FIRST, SECOND)
    net.servers[FIRST].put(NAME, "CNAME", "x.tokens.test.")
    net.servers[SECOND].put(NAME, "CNAME", "y.tokens.test.")
    tokens = net.servers["192.0.2.21"] = server("192.0.2.21", zone="tokens.test").put("x.tokens.test", "TXT", '"v"')
    assert [row.found for row in seen(net, wish())[0].rows] == [True, False, True, False]
    tokens.put("y.tokens.test", "TXT", '"v"')
    assert seen(net, wish())[0].visible


@pytest.mark.parametrize("target", [f"{NAME}.", f"loop.{ZONE}.", "x.nowhere.test."])
def test_a_cname_that_leads_nowhere_says_so(target: str) -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "CNAME", target).put(f"loop.{ZONE}", "CNAME", f"{NAME}.")
    (sighting,) = seen(net, wish())
    assert not sighting.visible
    assert "leads nowhere" in " ".join(sighting.lacking)


def test_a_long_chain_ends() -> None:
    net = internet(FIRST)
    for number in range(30):
        net.servers[FIRST].put(f"c{number}.{ZONE}", "CNAME", f"c{number + 1}.{ZONE}.")
    (sighting,) = seen(net, wish(name=f"c0.{ZONE}"))
    assert not sighting.visible
    assert len(net.asked) < 40


def test_a_wished_cname_is_not_followed() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "CNAME", "Target.Test.")
    assert [one.visible for one in seen(net, wish("target.test", type="CNAME"), wish("no.test", type="CNAME"))] == [
        True,
        False,
    ]


def test_a_delegated_name_is_asked_of_its_own_servers() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "NS", "ns.deep.test.").put("ns.deep.test", "A", "192.0.2.31")
    net.servers["192.0.2.31"] = Server(zones=[NAME]).put(NAME, "TXT", '"v"')
    (sighting,) = seen(net, wish())
    assert sighting.visible
    assert [row.address for row in sighting.rows] == ["192.0.2.31"]


class Labyrinth(Internet):
    """Each server has another CNAME at each name."""

    def exchange_to(self, address: str) -> t.Any:
        door = super().exchange_to(address)

        class Hostile:
            def send(self, message: dns.message.Message) -> dns.message.Message:
                answer = door.send(message)
                assert len(door.internet.asked) < 5000, "followed everywhere"
                question = message.question[0]
                if question.rdtype == dns.rdatatype.TXT:
                    target = f"x{address.rpartition('.')[2]}.{question.name}"
                    answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", target))
                return answer

        return Hostile()


def test_a_hostile_zone_that_points_everywhere_is_not_followed_everywhere() -> None:
    addresses = [f"192.0.2.{number}" for number in range(11, 16)]
    (sighting,) = seen(Labyrinth(dict.fromkeys(addresses, server(*addresses))), wish())
    assert not sighting.visible
    assert len(sighting.lacking) < 100


def test_no_way_to_a_family_is_a_warning() -> None:
    net = internet(FIRST, SIXTH)
    net.servers[FIRST].put(NAME, "TXT", '"v"')
    net.failures[SIXTH] = "dns_no_route"
    (sighting,) = seen(net, wish())
    assert sighting.visible
    assert SIXTH in sighting.warnings[0]


def test_silence_over_ipv6_is_a_warning_only_if_no_ipv6_server_was_ever_heard() -> None:
    net = internet(FIRST, SIXTH)
    net.servers[FIRST].put(NAME, "TXT", '"v"')
    del net.servers[SIXTH]
    (sighting,) = seen(net, wish())
    assert (sighting.visible, len(sighting.warnings)) == (True, 1)

    other = "2001:db8::14"
    net = internet(FIRST, SIXTH, other)
    for one in net.servers.values():
        one.put(NAME, "TXT", '"v"')
    del net.servers[SIXTH]
    (sighting,) = seen(net, wish())
    assert (sighting.visible, sighting.warnings) == (False, ())


def test_silence_over_ipv4_is_a_lack() -> None:
    net = internet(FIRST, SECOND)
    net.servers[FIRST].put(NAME, "TXT", '"v"')
    del net.servers[SECOND]
    (sighting,) = seen(net, wish())
    assert not sighting.visible
    assert "silence" in sighting.lacking[0]


def test_no_reachable_server_at_all_is_never_visible() -> None:
    net = internet(FIRST, SIXTH)
    resolver = Resolver([FIRST], net.exchange_to)
    resolver.zone_of(NAME)
    net.failures = {FIRST: "dns_no_route", SIXTH: "dns_no_route"}
    sighting = look([wish()], resolver, SerialExecutor())[wish()]
    assert not sighting.visible
    assert "no authoritative server" in sighting.lacking[0]


def test_an_unknown_zone_is_a_lack_with_its_reason() -> None:
    (sighting,) = seen(internet(FIRST), wish(name="_acme-challenge.www.other.test"))
    assert not sighting.visible
    assert "REFUSED" in sighting.lacking[0]


def test_each_question_is_asked_once_per_server() -> None:
    net = internet(FIRST, SECOND)
    names = [f"n{number}.{ZONE}" for number in range(5)]
    seen(net, *[wish(value, name) for name in names for value in ("a", "b", "c")])
    for address in (FIRST, SECOND):
        asked = [name for name, type in net.asked_of(address) if type == "TXT"]
        assert sorted(asked) == names
    assert len(net.asked_of(FIRST)) < 20


def test_many_values_of_a_hostile_server_are_cut() -> None:
    net = internet(FIRST)
    net.servers[FIRST].put(NAME, "TXT", *(f'"{number}{"y" * 200}" "{"z" * 255}" "{"z" * 255}"' for number in range(60)))
    (sighting,) = seen(net, wish())
    assert len(sighting.lacking[0]) < 3000
    assert "55 more" in sighting.lacking[0]
