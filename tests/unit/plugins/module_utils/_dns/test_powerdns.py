# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of PowerDNS against a scripted server: what is sent, what is believed, what is said."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    Look,
    Question,
    RRset,
    ServiceConfig,
    SoaService,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDns, PowerDnsFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns_api import Api
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted_powerdns import Server, said

ZONE = "example.test"
NAME = f"_acme-challenge.{ZONE}"
OWNER = "_acme-challenge"


def service(server: Server, *zones: str) -> PowerDns:
    api = Api(server, "https://dns.example.test/", "localhost", "key-of-the-api", 5.0, 'service "trial"')
    return PowerDns(zones or (ZONE,), api)


def later(**words: t.Any) -> Server:
    return Server(version="5.0.2", knows_extend=True, **words)


def txt(value: str, name: str = NAME, ttl: int = 60) -> Change:
    return Change(name, "TXT", value, ttl)


def codes(receipts: t.Sequence[InkanError | None]) -> list[str | None]:
    return [error.code if error else None for error in receipts]


def broken(sent: bool = True) -> TransportError:
    return TransportError(code="http_broken_answer", what="No answer", why="silence", sent=sent)


def kinds(server: Server) -> list[list[str]]:
    return [[entry["changetype"] for entry in patch] for patch in server.patches]


# --- reading


def test_a_look_tells_zone_values_ttl_and_alias() -> None:
    server = Server().put(OWNER, "TXT", '"one" "two"', '"three"', ttl=77).put("a", "CNAME", "Target.Elsewhere.")
    there, alias, absent = service(server).looks(
        [Question(NAME, "TXT"), Question(f"a.{ZONE}", "TXT"), Question(f"no.{ZONE}", "TXT")]
    )
    assert there == Look(ZONE, RRset(NAME, "TXT", frozenset({"onetwo", "three"}), 77))
    assert alias == Look(ZONE, RRset(f"a.{ZONE}", "TXT", frozenset(), None), "target.elsewhere")
    assert absent == Look(ZONE, RRset(f"no.{ZONE}", "TXT", frozenset(), None))
    assert server.calls == [f"GET /zones/{ZONE}.", "GET /zones?dnssec=false"]


def test_what_is_disabled_is_not_there() -> None:
    server = Server().put(OWNER, "TXT", disabled=['"off"']).put("a", "CNAME", disabled=["elsewhere.test."])
    one = service(server)
    assert one.get(ZONE, NAME, "TXT") == RRset(NAME, "TXT", frozenset(), None)
    (look,) = one.looks([Question(f"a.{ZONE}", "TXT")])
    assert isinstance(look, Look) and look.alias is None


@pytest.mark.parametrize("name", [f"x.sub.{ZONE}", f"sub.{ZONE}"])
def test_a_delegated_name_is_not_ours(name: str) -> None:
    (look,) = service(Server().put("sub", "NS", "ns.elsewhere.test.")).looks([Question(name, "TXT")])
    assert isinstance(look, InkanError)
    assert (look.code, "delegates" in look.why) == ("zone_not_found", True)


def test_a_name_in_a_zone_of_its_own_that_is_not_declared_is_not_ours() -> None:
    (look,) = service(Server(others=[f"sub.{ZONE}."])).looks([Question(f"x.sub.{ZONE}", "TXT")])
    assert isinstance(look, InkanError)
    assert (look.code, f"sub.{ZONE}" in look.why) == ("zone_not_found", True)


def test_an_undeclared_name_is_not_even_asked_for() -> None:
    server = Server()
    (look,) = service(server).looks([Question("www.other.test", "TXT")])
    assert isinstance(look, InkanError) and look.code == "zone_not_found"
    assert server.calls == []


@pytest.mark.parametrize("kind", ["Slave", "Secondary", "Consumer"])
def test_a_zone_from_another_primary_is_not_written(kind: str) -> None:
    server = Server(kind=kind)
    assert codes(service(server).add(ZONE, [txt("v")])) == ["dns_not_auth"]
    assert server.patches == []


def test_a_server_that_does_not_answer_is_asked_once_and_not_once_a_zone() -> None:
    server = Server(answers={"GET": broken(sent=False)})
    looks = service(server, ZONE, "other.test").looks([Question(NAME, "TXT"), Question("x.other.test", "TXT")])
    assert [look.code for look in looks if isinstance(look, InkanError)] == ["dns_unreachable"] * 2
    assert len(server.calls) == 1


def test_a_proxy_that_allows_only_the_zone_is_enough() -> None:
    denied = HttpResponse(403, {}, b"Forbidden", "")
    server = Server(answers={"GET /zones?dnssec=false": denied, "GET ": denied})
    assert codes(service(server).add(ZONE, [txt("v")])) == [None]
    assert server.contents(OWNER) == ['"v"']
    assert kinds(server) == [["EXTEND"], ["REPLACE"]]


# --- writing


def test_a_neighbour_its_ttl_and_what_is_disabled_are_kept() -> None:
    server = Server().put(OWNER, "TXT", '"theirs"', ttl=77, disabled=['"off"'])
    assert codes(service(server).add(ZONE, [txt("ours", ttl=5)])) == [None]
    assert server.contents(OWNER) == ['"theirs"', '"off" (disabled)', '"ours"']
    assert server.sets[f"{NAME}.", "TXT"][0] == 77
    assert codes(service(server).remove(ZONE, [txt("ours")])) == [None]
    assert server.contents(OWNER) == ['"theirs"', '"off" (disabled)']


def test_what_was_disabled_is_enabled_and_not_doubled() -> None:
    server = Server().put(OWNER, "TXT", disabled=['"ours"'])
    assert codes(service(server).add(ZONE, [txt("ours")])) == [None]
    assert server.contents(OWNER) == ['"ours"']


def test_all_of_a_zone_goes_in_one_call_and_is_read_back() -> None:
    server = Server()
    changes = [txt(f"v{number}", f"n{number}.{ZONE}") for number in range(50)]
    assert set(service(server).add(ZONE, changes)) == {None}
    assert [len(patch) for patch in server.patches] == [50]
    assert set(service(server).remove(ZONE, changes)) == {None}
    assert [len(patch) for patch in server.patches] == [50, 50]


def test_calls_are_split_by_their_size() -> None:
    server = Server()
    changes = [txt("v" * 4000, f"n{number}.{ZONE}") for number in range(300)]
    assert set(service(server).add(ZONE, changes)) == {None}
    assert 2 <= len(server.patches) <= 3


def test_nothing_to_do_sends_nothing() -> None:
    server = Server().put(OWNER, "TXT", '"there"')
    one = service(server)
    assert codes(one.add(ZONE, [txt("there", ttl=5)])) == [None]
    assert codes(one.remove(ZONE, [txt("absent")])) == [None]
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"there"}), 5)
    assert server.patches == []


def test_a_later_server_adds_and_removes_single_records_with_the_ttl_that_is_there() -> None:
    server = later().put(OWNER, "TXT", '"the" "irs"', ttl=77)
    one = service(server)
    assert codes(one.add(ZONE, [txt("a", ttl=5), txt("b", ttl=5)])) == [None, None]
    assert codes(one.remove(ZONE, [txt("theirs"), txt("a")])) == [None, None]
    assert kinds(server) == [["EXTEND", "EXTEND"], ["PRUNE", "PRUNE"]]
    assert {entry["ttl"] for patch in server.patches for entry in patch} == {77}
    assert {len(entry["records"]) for patch in server.patches for entry in patch} == {1}
    assert server.patches[1][0]["records"][0]["content"] == '"the" "irs"'
    assert server.contents(OWNER) == ['"b"']


def test_a_set_with_disabled_records_is_replaced_even_by_a_later_server() -> None:
    server = later().put(OWNER, "TXT", '"theirs"', disabled=['"off"'])
    assert codes(service(server).add(ZONE, [txt("ours")])) == [None]
    assert kinds(server) == [["REPLACE"]]
    assert server.contents(OWNER) == ['"theirs"', '"off" (disabled)', '"ours"']


@pytest.mark.parametrize(
    ("version", "first"),
    [
        ("4.7.3", "REPLACE"),
        ("4.9.11", "REPLACE"),
        ("4.9.12", "EXTEND"),
        ("5.0.0", "REPLACE"),
        ("5.0.1-rc1", "REPLACE"),
        ("5.0.2", "EXTEND"),
        ("5.1.0-alpha1", "EXTEND"),
        ("10.0.0", "EXTEND"),
        ("git-abc", "EXTEND"),
    ],
)
def test_the_version_says_what_the_server_knows_and_what_it_does_not_say_is_tried(version: str, first: str) -> None:
    server = Server(version=version, knows_extend=True)
    assert codes(service(server).add(ZONE, [txt("v")])) == [None]
    assert kinds(server) == [[first]]


def test_a_version_that_promises_too_much_is_not_believed() -> None:
    server = Server(version="5.0.2", knows_extend=False).put(OWNER, "TXT", '"theirs"')
    one = service(server)
    assert codes(one.add(ZONE, [txt("ours"), txt("more", f"b.{ZONE}")])) == [None, None]
    assert codes(one.remove(ZONE, [txt("ours")])) == [None]
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"mine"}), 60)
    assert kinds(server) == [["EXTEND", "EXTEND"], ["REPLACE", "REPLACE"], ["REPLACE"], ["REPLACE"]]
    assert (server.contents(OWNER), server.contents("b")) == (['"mine"'], ['"more"'])


def test_a_swap_before_any_write_finds_out_what_the_server_knows() -> None:
    server = Server(version="5.0.2", knows_extend=False).put(OWNER, "TXT", '"old"')
    one = service(server)
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"new"}), 60)
    assert server.contents(OWNER) == ['"new"']


def test_success_is_not_believed() -> None:
    (error,) = service(Server(deaf=True)).add(ZONE, [txt("v")])
    assert error is not None
    assert (error.code, error.did_change) == ("readback_missing", True)


def test_secondaries_are_told_where_the_server_is_the_primary() -> None:
    server = Server(kind="Master", answers={"PUT": broken()})
    assert codes(service(server).add(ZONE, [txt("v")])) == [None]
    assert f"PUT /zones/{ZONE}./notify" in server.calls
    quiet = Server()
    service(quiet).add(ZONE, [txt("v")])
    assert not [call for call in quiet.calls if call.startswith("PUT")]


# --- CNAME


def test_txt_beside_a_cname_is_not_even_sent() -> None:
    server = Server().put(OWNER, "CNAME", "elsewhere.test.")
    assert codes(service(server).add(ZONE, [txt("v"), txt("v", f"b.{ZONE}")])) == ["cname_conflict", None]
    assert server.contents("b") == ['"v"']


def test_a_cname_that_came_in_the_last_moment_does_not_take_the_others_with_it() -> None:
    server = Server(before_patch=lambda one: one.put("b", "CNAME", "elsewhere.test.") and None)
    changes = [txt("v", f"{owner}.{ZONE}") for owner in "abcd"]
    assert codes(service(server).add(ZONE, changes)) == [None, "cname_conflict", None, None]


def test_a_second_cname_is_refused_before_it_replaces_the_first() -> None:
    server = Server().put(OWNER, "CNAME", "first.test.")
    assert codes(service(server).add(ZONE, [Change(NAME, "CNAME", "second.test")])) == ["cname_conflict"]
    assert server.contents(OWNER, "CNAME") == ["first.test."]


# --- lost answers and refusals


def test_an_answer_lost_after_the_effect_is_no_failure() -> None:
    server = Server(lost=broken())
    assert codes(service(server).add(ZONE, [txt("v")])) == [None]
    assert len(server.patches) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (broken(), "dns_no_answer"),
        (broken(sent=False), "dns_unreachable"),
        (said(500, {"error": "database is locked"}), "dns_server_failure"),
        (said(422, {"error": "Record not in expected format"}), "dns_refused"),
        (HttpResponse(403, {}, b"<html>\x1b[31mno", ""), "dns_refused"),
        (HttpResponse(302, {"location": "/login"}, b"", ""), "dns_refused"),
    ],
)
def test_a_write_that_failed_is_told(answer: HttpResponse | InkanError, code: str) -> None:
    (error,) = service(Server(answers={"PATCH": answer})).add(ZONE, [txt("v")])
    assert error is not None
    assert (error.code, error.did_change) == (code, False)
    assert "\x1b" not in error.sentence()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (HttpResponse(401, {}, b"Unauthorized", ""), "dns_refused"),
        (HttpResponse(404, {}, b"Not Found", ""), "zone_not_found"),
        (HttpResponse(200, {}, b"<html>", ""), "dns_bad_answer"),
        (HttpResponse(200, {}, b"\xff", ""), "dns_bad_answer"),
        (said(200, []), "dns_bad_answer"),
        (said(200, {"name": "other.test.", "kind": "Native", "rrsets": []}), "dns_bad_answer"),
        (said(200, {"name": f"{ZONE}.", "kind": "Native", "rrsets": [{"name": 7}]}), "dns_bad_answer"),
        (said(200, {"name": f"{ZONE}.", "kind": "Native", "rrsets": None}), "dns_bad_answer"),
        (TransportError(code="http_too_large", what="Too long", why="more than 9 bytes"), "dns_bad_answer"),
    ],
)
def test_a_look_that_failed_is_told(answer: HttpResponse | InkanError, code: str) -> None:
    server = Server(answers={f"GET /zones/{ZONE}.": answer})
    (look,) = service(server).looks([Question(NAME, "TXT")])
    assert isinstance(look, InkanError)
    assert look.code == code
    assert "key-of-the-api" not in look.sentence()
    assert codes(service(server).add(ZONE, [txt("v")])) == [code]
    assert server.patches == []


# --- compare and swap


@pytest.mark.parametrize("server", [Server(), later()], ids=["REPLACE", "EXTEND"])
def test_a_whole_set_is_swapped_and_a_stale_expectation_is_refused(server: Server) -> None:
    server.put(OWNER, "TXT", '"old"', '"kept"', ttl=77)
    one = service(server)
    seen = one.get(ZONE, NAME, "TXT")
    one.replace(ZONE, seen, frozenset({"kept", "new"}), 77)
    assert (sorted(server.contents(OWNER)), server.sets[f"{NAME}.", "TXT"][0]) == (['"kept"', '"new"'], 77)
    with pytest.raises(InkanError) as error:
        one.replace(ZONE, seen, frozenset({"theirs"}), 77)
    assert (error.value.code, error.value.did_change) == ("rrset_changed", False)


def test_who_adds_in_the_last_moment_of_a_swap_loses_nothing_on_a_later_server() -> None:
    server = later(before_patch=lambda one: one.put(OWNER, "TXT", '"old"', '"theirs"') and None)
    server.put(OWNER, "TXT", '"old"')
    one = service(server)
    with pytest.raises(InkanError) as error:
        one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"ours"}), 60)
    assert (error.value.code, error.value.did_change) == ("rrset_changed", True)
    assert server.contents(OWNER) == ['"theirs"', '"ours"']


def test_a_swap_whose_answer_was_lost_is_judged_by_what_is_there() -> None:
    server = Server(lost=broken()).put(OWNER, "TXT", '"old"')
    one = service(server)
    one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"new"}), 60)
    server.deaf = True
    with pytest.raises(InkanError) as error:
        one.replace(ZONE, one.get(ZONE, NAME, "TXT"), frozenset({"newer"}), 60)
    assert error.value.code == "dns_no_answer"


# --- the mailbox of a zone


def test_the_service_sets_mailboxes() -> None:
    assert isinstance(service(Server()), SoaService)


@pytest.mark.parametrize(("soa_edit_api", "sent"), [("DEFAULT", 7), ("INCREASE", 7), ("", 8)])
def test_the_serial_is_moved_by_the_server_or_else_by_us(soa_edit_api: str, sent: int) -> None:
    server = Server(soa_edit_api=soa_edit_api)
    one = service(server)
    (before,) = one.soas([ZONE])
    assert before == Soa(f"ns1.{ZONE}.", f"hostmaster.{ZONE}.", 7, 3600, 600, 86400, 60, 3600)
    assert isinstance(before, Soa)
    after = one.set_rname(ZONE, before, f"first\\.last.{ZONE}.")
    assert after == before._replace(rname=f"first\\.last.{ZONE}.", serial=sent)
    assert kinds(server) == [["REPLACE"]]
    assert server.contents("", "SOA") == [f"ns1.{ZONE}. first\\.last.{ZONE}. {sent} 3600 600 86400 60"]
    assert one.set_rname(ZONE, before, f"first\\.last.{ZONE}.") == after
    assert len(server.patches) == 1


def test_a_mailbox_that_somebody_else_set_is_left_alone() -> None:
    server = Server()
    one = service(server)
    (before,) = one.soas([ZONE])
    assert isinstance(before, Soa)
    server.put("", "SOA", f"ns1.{ZONE}. theirs.{ZONE}. 8 3600 600 86400 60", ttl=3600)
    with pytest.raises(InkanError) as error:
        one.set_rname(ZONE, before, f"ours.{ZONE}.")
    assert (error.value.code, server.patches) == ("rname_changed", [])


def test_a_serial_that_went_back_is_told() -> None:
    server = Server()
    one = service(server)
    (before,) = one.soas([ZONE])
    assert isinstance(before, Soa)
    server.deaf = True
    server.before_patch = lambda it: it.put("", "SOA", f"ns1.{ZONE}. ours.{ZONE}. 3 3600 600 86400 60") and None
    with pytest.raises(InkanError) as error:
        one.set_rname(ZONE, before, f"ours.{ZONE}.")
    assert (error.value.code, error.value.did_change) == ("readback_missing", True)


@pytest.mark.parametrize("content", ["ns1. hostmaster. x 1 1 1 1", "ns1.", "ns1. a. 1 2 3 4 5 6"])
def test_a_broken_soa_is_an_error_and_no_crash(content: str) -> None:
    (error,) = service(Server().put("", "SOA", content)).soas([ZONE])
    assert isinstance(error, InkanError) and error.code == "zone_not_found"


# --- settings


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({}, {"api_key": "x" * 20}, "settings.url is missing"),
        ({"url": "http://dns.example.jp"}, {"api_key": "x" * 20}, "must be https"),
        ({"url": "https://u:p@dns.example.jp"}, {"api_key": "x" * 20}, "without user"),
        ({"url": "https://dns.example.jp/api/v1"}, {"api_key": "x" * 20}, "before /api"),
        ({"url": "https://[dns"}, {"api_key": "x" * 20}, "of the form"),
        ({"url": "https://dns.example.jp", "server_id": "../x"}, {"api_key": "x" * 20}, "server_id"),
        ({"url": "https://dns.example.jp", "timeout": "soon"}, {"api_key": "x" * 20}, "timeout"),
        ({"url": "https://dns.example.jp", "server": "x"}, {"api_key": "x" * 20}, 'no setting "server"'),
        ({"url": "https://dns.example.jp"}, {}, "api_key is missing"),
        ({"url": "https://dns.example.jp"}, {"api_key": "secret\r\nX: y"}, "no HTTP header"),
        ({"url": "https://dns.example.jp"}, {"api_key": "x" * 20, "more": "yyyyyyyy"}, 'no secret "more"'),
    ],
)
def test_a_wrong_setting_is_told_without_the_secret(
    settings: dict[str, t.Any], secrets: dict[str, str], words: str
) -> None:
    config = ServiceConfig("trial", "powerdns", settings, secrets, (ZONE,))
    (sentence,) = PowerDnsFactory().settings_errors(config)
    assert words in sentence
    assert not [value for value in secrets.values() if value in sentence]


def test_right_settings_open_the_service() -> None:
    settings = {"url": "http://127.0.0.1:8081", "server_id": "localhost", "timeout": 3}
    config = ServiceConfig("trial", "powerdns", settings, {"api_key": "x" * 20}, (ZONE,))
    assert PowerDnsFactory().settings_errors(config) == PowerDnsFactory().settings_warnings(config) == []
    assert isinstance(PowerDnsFactory().open(config), PowerDns)
