# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Place, plan, apply: where a token goes, what is written for it, and who fails with whom."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import OpenService, Outcome, Token, publish
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server, no_answer

ZONE = "example.test"
NAME = f"_acme-challenge.{ZONE}"


def token(value: str = "v", record: str = NAME, **more: t.Any) -> Token:
    words = {"name": value, "type": "TXT", "ttl": 60, "exclusive": False, "present": True, **more}
    return Token(record=record, value=value, **words)


def services(**servers: Server) -> dict[str, OpenService]:
    return {
        name: OpenService(Rfc2136(name, tuple(server.zones), server, "192.0.2.53:53"), tuple(server.zones))
        for name, server in servers.items()
    }


def done(
    servers: dict[str, Server], *tokens: Token, aliases: t.Mapping[str, str] | None = None, check_mode: bool = False
) -> list[Outcome]:
    outcomes, _diffs = publish(tokens, services(**servers), (aliases or {}).get, check_mode)
    return outcomes


def words(outcomes: t.Sequence[Outcome]) -> list[tuple[bool, bool | None, str | None]]:
    return [(one.changed, one.there, one.error.code if one.error else None) for one in outcomes]


# --- place


def test_a_cname_leads_into_another_service() -> None:
    servers = {
        "main": Server()
        .put(NAME, "CNAME", "middle.example.test.")
        .put("middle.example.test", "CNAME", "x.tokens.test."),
        "tokens": Server(zones=["tokens.test"]),
    }
    (outcome,) = done(servers, token())
    assert outcome.place is not None
    assert (outcome.place.service, outcome.place.zone, outcome.place.rrset.name) == (
        "tokens",
        "tokens.test",
        "x.tokens.test",
    )
    assert servers["tokens"].values("x.tokens.test") == ['"v"']
    assert servers["main"].updates == []


def test_a_cname_outside_the_declared_zones_is_followed_by_sight() -> None:
    servers = {"tokens": Server(zones=["tokens.test"])}
    (outcome,) = done(
        servers, token(record="_acme-challenge.foreign.test"), aliases={"_acme-challenge.foreign.test": "x.tokens.test"}
    )
    assert words([outcome]) == [(True, True, None)]


def test_a_name_delegated_away_from_a_declared_zone_is_followed_by_sight() -> None:
    servers = {
        "main": Server().put(f"sub.{ZONE}", "NS", "ns.elsewhere.test."),
        "tokens": Server(zones=["tokens.test"]),
    }
    (outcome,) = done(servers, token(record=f"x.sub.{ZONE}"), aliases={f"x.sub.{ZONE}": "y.tokens.test"})
    assert words([outcome]) == [(True, True, None)]


def test_a_name_that_no_service_holds_says_what_was_tried() -> None:
    servers = {"main": Server(zones=[ZONE, "second.test"])}
    (outcome,) = done(
        servers, token(record="_acme-challenge.other.test"), aliases={"_acme-challenge.other.test": "a.b.test"}
    )
    assert outcome.error is not None
    assert outcome.error.code == "zone_not_found"
    sentence = outcome.error.sentence()
    assert all(word in sentence for word in ("_acme-challenge.other.test → a.b.test", ZONE, "second.test", "no CNAME"))


def test_blind_sight_is_part_of_the_reason() -> None:
    def blind(_name: str) -> str | None:
        raise no_answer()

    outcomes, _diffs = publish([token(record="x.other.test")], services(main=Server()), blind, False)
    assert outcomes[0].error is not None
    assert outcomes[0].error.code == "zone_not_found"
    assert "silence" in outcomes[0].error.why


@pytest.mark.parametrize("length", [2, 12])
def test_circles_and_long_chains_end(length: int) -> None:
    server = Server()
    for number in range(length):
        server.put(f"c{number}.{ZONE}", "CNAME", f"c{(number + 1) % (length if length == 2 else 99)}.{ZONE}.")
    (outcome,) = done({"main": server}, token(record=f"c0.{ZONE}"))
    assert words([outcome]) == [(False, None, "cname_chain")]
    assert len(server.asked) < 12


def test_a_cname_token_is_written_at_its_own_name() -> None:
    server = Server()
    assert words(done({"main": server}, token("target.test", type="CNAME"))) == [(True, True, None)]
    assert server.values(NAME, "CNAME") == ["target.test."]
    assert words(done({"main": server}, token("target.test", type="CNAME"))) == [(False, True, None)]
    for check_mode in (True, False):
        outcomes = done({"main": server}, token("other.test", type="CNAME"), check_mode=check_mode)
        assert words(outcomes) == [(False, None, "cname_conflict")]
    assert words(done({"main": server}, token("other.test", type="CNAME", exclusive=True))) == [(True, True, None)]
    assert server.values(NAME, "CNAME") == ["other.test."]
    assert words(done({"main": server}, token("other.test", type="CNAME", present=False))) == [(True, False, None)]


def test_two_cnames_for_one_name_are_a_conflict_that_check_mode_tells() -> None:
    server = Server()
    tokens = [token("one.test", type="CNAME"), token("two.test", type="CNAME")]
    for check_mode in (True, False):
        assert words(done({"main": server}, *tokens, check_mode=check_mode)) == [(False, None, "cname_conflict")] * 2
    assert server.updates == []


def test_a_cname_token_of_a_foreign_name_is_not_followed_elsewhere() -> None:
    record = "_acme-challenge.foreign.test"
    (outcome,) = done({"main": Server()}, token("x.test", record, type="CNAME"), aliases={record: f"x.{ZONE}"})
    assert words([outcome]) == [(False, None, "zone_not_found")]


def test_one_cname_takes_the_place_of_another_that_the_same_call_removes() -> None:
    server = Server().put(NAME, "CNAME", "old.test.")
    tokens = [token("new.test", type="CNAME"), token("old.test", type="CNAME", present=False)]
    expected = [(True, True, None), (True, False, None)]
    assert words(done({"main": server}, *tokens, check_mode=True)) == expected
    assert words(done({"main": server}, *tokens)) == expected
    assert server.values(NAME, "CNAME") == ["new.test."]


# --- plan and apply


def test_present_and_absent_say_exactly_what_changed() -> None:
    server = Server().put(NAME, "TXT", '"there"', '"old"', ttl=300)
    tokens = [token("there"), token("new"), token("old", present=False), token("gone", present=False)]
    expected = [(False, True, None), (True, True, None), (True, False, None), (False, False, None)]
    assert words(done({"main": server}, *tokens, check_mode=True)) == expected
    assert server.updates == []
    assert words(done({"main": server}, *tokens)) == expected
    assert server.values(NAME) == ['"new"', '"there"']
    assert words(done({"main": server}, *tokens)) == [(False, True, None)] * 2 + [(False, False, None)] * 2


def test_one_update_for_a_zone_whatever_the_number() -> None:
    server = Server()
    done({"main": server}, *[token(record=f"n{number}.{ZONE}", name=str(number)) for number in range(40)])
    assert len(server.updates) == 1


def test_two_tokens_at_one_name_stand_beside_each_other() -> None:
    server = Server()
    assert words(done({"main": server}, token("apex"), token("wildcard"))) == [(True, True, None)] * 2
    assert server.values(NAME) == ['"apex"', '"wildcard"']


def test_publishing_and_removing_the_same_value_is_a_contradiction() -> None:
    server = Server()
    outcomes = done({"main": server}, token("v"), token("v", present=False, name="other"))
    assert words(outcomes) == [(True, True, None), (False, None, "contradiction")]


def test_exclusive_replaces_strangers_and_keeps_what_this_call_publishes() -> None:
    server = Server().put(NAME, "TXT", '"stranger"', '"kept"', ttl=300)
    tokens = [token("mine", exclusive=True), token("kept")]
    assert words(done({"main": server}, *tokens)) == [(True, True, None), (False, True, None)]
    assert server.records[NAME, "TXT"][0] == 300
    assert server.values(NAME) == ['"kept"', '"mine"']
    assert words(done({"main": server}, *tokens)) == [(False, True, None)] * 2
    assert len(server.updates) == 1


def test_exclusive_counts_a_stranger_beside_its_value_as_a_change() -> None:
    server = Server().put(NAME, "TXT", '"stranger"', '"mine"')
    assert words(done({"main": server}, token("mine", exclusive=True))) == [(True, True, None)]
    assert server.values(NAME) == ['"mine"']


def test_a_refusing_zone_fails_only_its_own_items() -> None:
    servers = {"bad": Server(zones=["bad.test"], refuses={"x.bad.test"}), "good": Server()}
    outcomes = done(servers, token(record="x.bad.test"), token("w"))
    assert words(outcomes) == [(False, None, "dns_refused"), (True, True, None)]


def test_a_silent_service_fails_only_its_own_items() -> None:
    servers = {"bad": Server(zones=["bad.test"], silent=no_answer()), "good": Server()}
    outcomes = done(servers, token(record="x.bad.test"), token("w"), token("v2", record="y.bad.test"))
    assert words(outcomes) == [(False, None, "dns_no_answer"), (True, True, None), (False, None, "dns_no_answer")]


def test_a_write_that_was_accepted_and_is_not_there_may_have_changed_something() -> None:
    assert words(done({"main": Server(deaf_to_updates=True)}, token())) == [(True, None, "readback_missing")]


def test_unknown_values_are_planned_and_shown() -> None:
    server = Server().put(NAME, "TXT", '"neighbour"')
    outcomes, (diff,) = publish([token(KNOWN_AFTER_ORDER)], services(main=server), lambda _name: None, True)
    assert words(outcomes) == [(True, True, None)]
    assert {line.value for line in diff.before} == {"neighbour"}
    assert {line.value for line in diff.after} == {"neighbour", KNOWN_AFTER_ORDER}


def test_what_is_not_yet_known_cannot_be_removed() -> None:
    server = Server().put(NAME, "TXT", '"neighbour"')
    outcomes, diffs = publish(
        [token(KNOWN_AFTER_ORDER, present=False)], services(main=server), lambda _name: None, True
    )
    assert words(outcomes) == [(False, False, None)]
    assert diffs == []


def test_a_denied_swap_or_removal_changes_nothing_and_shows_nothing() -> None:
    for one in (token("mine", exclusive=True), token("stranger", present=False)):
        server = Server(refuses={NAME}).put(NAME, "TXT", '"stranger"')
        outcomes, diffs = publish([one], services(main=server), lambda _name: None, False)
        assert words(outcomes) == [(False, None, "dns_refused")]
        assert diffs == []
        assert server.values(NAME) == ['"stranger"']


def test_what_was_there_already_is_no_failure_of_a_denied_swap() -> None:
    server = Server(refuses={NAME}).put(NAME, "TXT", '"stranger"', '"kept"')
    outcomes = done({"main": server}, token("mine", exclusive=True), token("kept"))
    assert words(outcomes) == [(False, None, "dns_refused"), (False, True, None)]


# --- diff


def test_the_diff_shows_what_became_true_and_nothing_else() -> None:
    server = Server(refuses={f"bad.{ZONE}"}).put(NAME, "TXT", '"neighbour"', ttl=300).put(f"still.{ZONE}", "TXT", '"v"')
    tokens = [token("new"), token("no", record=f"bad.{ZONE}"), token("v", record=f"still.{ZONE}")]
    _outcomes, (diff,) = publish(tokens, services(main=server), lambda _name: None, False)
    assert (diff.service, diff.zone) == ("main", ZONE)
    assert [(line.name, line.value, line.ttl) for line in diff.before] == [(NAME, "neighbour", 300)]
    assert sorted((line.name, line.value, line.ttl) for line in diff.after) == [
        (NAME, "neighbour", 300),
        (NAME, "new", 300),
    ]
