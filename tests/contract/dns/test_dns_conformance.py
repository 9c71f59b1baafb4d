# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One suite for every DNS service: what it must do whatever stands behind it, and no neighbour may lose a record.

The services come from ``dns_harness``. Each case plays at names of its own, through a middle that counts writes.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, is_later
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    DnsService,
    Look,
    Question,
    RRset,
    SoaService,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES
from dns_harness import BULK, GOOD, HARNESSES, MAIN, NARROW, NEIGHBOURS, TOKENS, UNSERVED, Harness

#: of the contract (``_dns/contract``), for a zone that the server does not serve: servers differ in what they say
NO_SUCH_ZONE = {"zone_not_found", "dns_refused", "dns_not_auth", "tsig_missing"}


#: services that are held against a suite of their own -> why
ELSEWHERE: dict[str, str] = {}
PAGES = Path(__file__).resolve().parents[3] / "docs" / "docsite" / "rst"


@pytest.fixture
def harness(started: Harness) -> t.Iterator[Harness]:
    """What was there before is there after each case."""
    started.middle.reset()
    before = neighbours(started)
    yield started
    assert neighbours(started) == before


def neighbours(harness: Harness) -> dict[tuple[str, str], tuple[list[str], int | None]]:
    found = {}
    for owner, records in NEIGHBOURS.items():
        name = MAIN if owner == "@" else f"{owner}.{MAIN}"
        for type in sorted({type for type, _value in records} - {"NS"}):
            found[name, type] = (harness.shown(name, type), harness.ttl(name, type))
    assert len(found) >= 8 and all(values for values, _ttl in found.values())
    return found


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of its own for each case."""
    return f"_acme-challenge.{request.node.originalname[5:60].replace('_', '-').rstrip('-')}.{MAIN}"


def only(receipts: t.Sequence[InkanError | None]) -> InkanError:
    (error,) = receipts
    assert error is not None
    return error


def failed(call: t.Callable[[], object]) -> InkanError:
    with pytest.raises(InkanError) as caught:
        call()
    return caught.value


# --- append and remove


def test_appends_beside_a_neighbour_and_keeps_the_ttl(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"neighbour"', ttl=77)
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "TXT", "ours", 60)])) == [None]
    assert (harness.shown(name), harness.ttl(name)) == (["neighbour", "ours"], 77)
    assert service.get(MAIN, name, "TXT") == RRset(name, "TXT", frozenset({"neighbour", "ours"}), 77)


def test_a_new_set_gets_the_lowest_ttl_that_was_asked_for(harness: Harness, name: str) -> None:
    changes = [Change(name, "TXT", "a", 90), Change(name, "TXT", "b", 45)]
    assert list(harness.open().add(MAIN, changes)) == [None, None]
    assert (harness.shown(name), harness.ttl(name)) == (["a", "b"], 45)


def test_removes_one_value_and_leaves_the_rest(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"neighbour"', '"other"', ttl=77)
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert list(service.remove(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert (harness.shown(name), harness.ttl(name)) == (["neighbour", "other"], 77)


def test_the_last_value_takes_the_set_with_it(harness: Harness, name: str) -> None:
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert list(service.remove(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert harness.shown(name) == []
    assert service.get(MAIN, name, "TXT") == RRset(name, "TXT", frozenset(), None)


def test_what_is_there_or_already_gone_is_not_written_again(harness: Harness, name: str) -> None:
    harness.open().add(MAIN, [Change(name, "TXT", "there", 60)])
    serial, writes = harness.serial(MAIN), harness.middle.writes
    assert list(harness.open().add(MAIN, [Change(name, "TXT", "there", 5)])) == [None]
    assert list(harness.open().remove(MAIN, [Change(name, "TXT", "absent")])) == [None]
    there = harness.open().get(MAIN, name, "TXT")
    harness.open().replace(MAIN, there, frozenset({"there"}), 5)
    assert (harness.serial(MAIN), harness.middle.writes, harness.ttl(name)) == (serial, writes, 60)


# --- values


def test_a_long_value_with_quotes_and_letters_of_japan_comes_back_whole(harness: Harness, name: str) -> None:
    value = 'quoted " and \\ and ; こ' + "x" * 700
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "TXT", value)])) == [None]
    assert (service.get(MAIN, name, "TXT").values, harness.shown(name)) == ({value}, [value])
    assert list(service.remove(MAIN, [Change(name, "TXT", value)])) == [None]
    assert harness.shown(name) == []


def test_a_value_that_somebody_cut_into_other_strings_is_the_same_value(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"one string" " and another"', '"neighbour"')
    whole = "one string and another"
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "TXT", whole)])) == [None]
    assert (harness.middle.writes, harness.shown(name)) == (0, ["neighbour", whole])
    assert list(service.remove(MAIN, [Change(name, "TXT", whole)])) == [None]
    assert harness.shown(name) == ["neighbour"]


def test_caa_is_appended_beside_a_policy_and_removed_alone(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "CAA", '0 issue "ca.example.net; accounturi=https://ca.example.net/1"')
    ours = '0 contactemail "certs@example.test"'
    service = harness.open()
    assert list(service.add(MAIN, [Change(name, "CAA", ours)])) == [None]
    assert ours in harness.shown(name, "CAA")
    assert list(service.remove(MAIN, [Change(name, "CAA", ours)])) == [None]
    assert harness.shown(name, "CAA") == ['0 issue "ca.example.net; accounturi=https://ca.example.net/1"']


def test_many_values_at_one_name_come_and_go_together(harness: Harness, name: str) -> None:
    changes = [Change(name, "TXT", f"token {number}") for number in range(20)]
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    assert set(harness.open().add(MAIN, changes)) == {None}
    assert len(harness.shown(name)) == 21
    assert set(harness.open().remove(MAIN, changes)) == {None}
    assert harness.shown(name) == ["neighbour"]
    assert harness.middle.writes == harness.cost(2, values=40)


# --- exclusive


def test_an_exclusive_set_is_swapped_and_keeps_its_ttl(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"old"', '"kept"', ttl=77)
    service = harness.open()
    service.replace(MAIN, service.get(MAIN, name, "TXT"), frozenset({"kept", "new"}), 77)
    assert (harness.shown(name), harness.ttl(name), harness.middle.writes) == (
        ["kept", "new"],
        77,
        harness.cost(1, values=2),
    )


def test_a_stale_expectation_is_refused(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"old"')
    service = harness.open()
    seen = service.get(MAIN, name, "TXT")
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    assert failed(lambda: service.replace(MAIN, seen, frozenset({"ours"}), 60)).code == "rrset_changed"
    assert harness.shown(name) == ["neighbour", "old"]


def test_an_exclusive_set_is_only_created_where_none_is(harness: Harness, name: str) -> None:
    service = harness.open()
    empty = service.get(MAIN, name, "TXT")
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    assert failed(lambda: service.replace(MAIN, empty, frozenset({"ours"}), 60)).code == "rrset_changed"
    assert harness.shown(name) == ["neighbour"]


# --- a concurrent writer


def test_a_neighbour_who_writes_between_look_and_write_keeps_its_record(harness: Harness, name: str) -> None:
    service = harness.open()
    (look,) = service.looks([Question(name, "TXT")])
    assert isinstance(look, Look) and look.rrset.values == frozenset()
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    assert list(service.add(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert harness.shown(name) == ["neighbour", "ours"]
    service.looks([Question(name, "TXT")])
    harness.plant(MAIN, name, "TXT", '"second"')
    assert list(service.remove(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert harness.shown(name) == ["neighbour", "second"]


def test_a_neighbour_who_writes_in_the_last_moment_keeps_its_record(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"first"')
    service = harness.open()
    harness.middle.before_write = lambda: harness.plant(MAIN, name, "TXT", '"neighbour"')
    assert list(service.add(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert harness.shown(name) == ["first", "neighbour", "ours"]
    harness.middle.before_write = lambda: harness.plant(MAIN, name, "TXT", '"second"')
    assert list(service.remove(MAIN, [Change(name, "TXT", "ours")])) == [None]
    assert harness.shown(name) == ["first", "neighbour", "second"]


def test_a_neighbour_who_writes_in_the_last_moment_of_a_swap_keeps_its_record(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"old"')
    service = harness.open()
    seen = service.get(MAIN, name, "TXT")
    harness.middle.before_write = lambda: harness.plant(MAIN, name, "TXT", '"neighbour"')
    error = failed(lambda: service.replace(MAIN, seen, frozenset({"ours"}), 60))
    assert (error.code, error.retryable) == ("rrset_changed", True)
    assert "neighbour" in harness.shown(name)


# --- lost answers


def test_a_lost_answer_is_settled_by_a_look(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    service = harness.open()
    for verb, shown in ((service.add, ["neighbour", "ours"]), (service.remove, ["neighbour"])):
        harness.middle.reset()
        harness.middle.lose = 1
        assert list(verb(MAIN, [Change(name, "TXT", "ours")])) == [None]
        assert (harness.shown(name), harness.middle.writes) == (shown, 1)
    harness.middle.reset()
    harness.middle.lose = 1
    service.replace(MAIN, service.get(MAIN, name, "TXT"), frozenset({"swapped"}), 60)
    assert (harness.shown(name), harness.middle.writes) == (["swapped"], harness.cost(1, values=2))


def test_a_write_that_never_arrived_is_an_error_and_not_repeated(harness: Harness, name: str) -> None:
    harness.middle.swallow = 1
    error = only(harness.open().add(MAIN, [Change(name, "TXT", "ours")]))
    assert (error.kind, error.retryable, harness.middle.writes) == ("transport", True, 1)
    assert harness.shown(name) == []


# --- CNAME


def test_txt_beside_a_cname_is_a_conflict_whatever_the_server_says(harness: Harness) -> None:
    error = only(harness.open().add(MAIN, [Change(f"alias.{MAIN}", "TXT", "ours")]))
    assert error.code == "cname_conflict"
    assert f"mail.{MAIN}" in error.why


def test_a_cname_beside_other_records_is_a_conflict(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    error = only(harness.open().add(MAIN, [Change(name, "CNAME", f"elsewhere.{MAIN}")]))
    assert error.code in ("cname_conflict", "dns_refused")
    assert (harness.shown(name), harness.shown(name, "CNAME")) == (["neighbour"], [])


def test_a_cname_conflict_does_not_take_the_others_with_it(harness: Harness, name: str) -> None:
    changes = [Change(f"alias.{MAIN}", "TXT", "ours"), Change(name, "TXT", "ours")]
    bad, good = harness.open().add(MAIN, changes)
    assert bad is not None and good is None
    assert harness.shown(name) == ["ours"]


def test_a_cname_is_swapped_and_never_replaces_another_in_silence(harness: Harness, name: str) -> None:
    service = harness.open()
    (look,) = service.looks([Question(name, "CNAME")])
    assert isinstance(look, Look)
    harness.plant(MAIN, name, "CNAME", f"theirs.{MAIN}.")
    assert only(service.add(MAIN, [Change(name, "CNAME", f"ours.{MAIN}")])).code in ("rrset_changed", "cname_conflict")
    there = service.get(MAIN, name, "CNAME")
    assert there.values == {f"theirs.{MAIN}"}
    service.replace(MAIN, there, frozenset({f"ours.{MAIN}"}), 60)
    assert harness.shown(name, "CNAME") == [f"ours.{MAIN}."]


def test_a_delegated_name_is_written_at_the_end_of_its_chain(harness: Harness) -> None:
    record = f"_acme-challenge.shop.{MAIN}"
    (item,) = harness.tokens([MAIN, TOKENS], [{"name": "a", "record": record, "value": "ours"}]).items
    assert (item.outcome, item.extra["record"], item.extra["zone"]) == ("published", f"shop.{TOKENS}", TOKENS)
    assert harness.shown(f"shop.{TOKENS}") == ["ours"]


# --- zones and rights


def test_a_zone_that_the_server_does_not_serve_fails_alone(harness: Harness, name: str) -> None:
    service = harness.open(UNSERVED, MAIN)
    lost = f"_acme-challenge.www.{UNSERVED}"
    missing, found = service.looks([Question(lost, "TXT"), Question(name, "TXT")])
    assert isinstance(missing, InkanError) and missing.code in NO_SUCH_ZONE
    assert isinstance(found, Look)
    assert only(service.add(UNSERVED, [Change(lost, "TXT", "ours")])).code in NO_SUCH_ZONE
    assert list(service.add(MAIN, [Change(name, "TXT", "ours")])) == [None]


def test_a_name_outside_the_declared_zones_is_not_asked_for(harness: Harness) -> None:
    assert failed(lambda: harness.open().zone_for("www.other.test")).code == "zone_not_found"
    assert harness.open(MAIN, TOKENS).zone_for(f"_acme-challenge.www.{TOKENS}") == TOKENS


def test_a_name_below_a_delegation_is_not_ours_to_write(harness: Harness) -> None:
    service = harness.open()
    lost = f"_acme-challenge.www.sub.{MAIN}"
    (look,) = service.looks([Question(lost, "TXT")])
    assert isinstance(look, InkanError) and look.code == "zone_not_found"
    assert only(service.add(MAIN, [Change(lost, "TXT", "ours")])).code == "zone_not_found"
    assert harness.middle.writes == 0


def test_a_name_without_a_right_is_refused_and_takes_nothing_with_it(harness: Harness) -> None:
    bad = [f"_acme-challenge.bad{number}.{NARROW}" for number in range(3)]
    names = [bad[0], harness.good or f"_acme-challenge.{NARROW}", *bad[1:]]
    receipts = harness.denied().add(NARROW, [Change(one, "TXT", "ours") for one in names])
    expected = [None if one == harness.good else "dns_refused" for one in names]
    assert [error.code if error else None for error in receipts] == expected
    assert [harness.shown(one) for one in bad] == [[], [], []]
    assert harness.shown(GOOD) == (["ours"] if harness.good else [])


def test_a_wrong_secret_is_told_and_not_shown(harness: Harness, name: str) -> None:
    service = harness.open(secrets=harness.wrong_secrets)
    error = only(service.add(MAIN, [Change(name, "TXT", "ours")]))
    assert error.code.startswith("tsig_") or error.code == "dns_refused"
    assert not [secret for secret in harness.wrong_secrets.values() if secret in error.sentence()]
    assert harness.shown(name) == []


# --- one update a zone


def test_a_hundred_records_in_ten_zones_are_one_update_a_zone(harness: Harness) -> None:
    tokens = [
        {"name": f"{zone}-{number}", "record": f"_acme-challenge.www{number}.{zone}", "value": f"token {number}"}
        for zone in BULK
        for number in range(10)
    ]
    before = {zone: harness.serial(zone) for zone in BULK}
    first = harness.tokens(BULK, tokens)
    assert {item.outcome for item in first.items} == {"published"}
    assert (len(first.items), harness.middle.writes) == (100, 10)
    assert all(is_later(harness.serial(zone), before[zone]) for zone in BULK)
    assert harness.shown(f"_acme-challenge.www7.{BULK[3]}") == ["token 7"]
    second = harness.tokens(BULK, tokens)
    assert (second.changed, harness.middle.writes) == (False, 10)
    gone = harness.tokens(BULK, tokens, state="absent")
    assert {item.outcome for item in gone.items} == {"removed"}
    assert harness.middle.writes == 20


def test_the_plan_writes_nothing_and_is_what_then_happens(harness: Harness, name: str) -> None:
    harness.plant(MAIN, name, "TXT", '"neighbour"')
    tokens = [{"name": "a", "record": name, "value": "ours", "exclusive": True}]
    planned = harness.tokens([MAIN], tokens, check_mode=True)
    assert (harness.middle.writes, harness.shown(name)) == (0, ["neighbour"])
    done = harness.tokens([MAIN], tokens)
    assert [one.as_data() for one in done.items] == [one.as_data() for one in planned.items]
    assert (done.diff, harness.shown(name)) == (planned.diff, ["ours"])


# --- the mailbox of a zone


def soa_service(service: DnsService) -> SoaService:
    assert isinstance(service, SoaService)
    return service


def soa_of(service: SoaService, zone: str) -> Soa:
    (soa,) = service.soas([zone])
    assert isinstance(soa, Soa)
    return soa


def test_a_mailbox_is_set_and_everything_else_stays(harness: Harness) -> None:
    service = soa_service(harness.open(TOKENS))
    before = soa_of(service, TOKENS)
    after = service.set_rname(TOKENS, before, f"first\\.last.{TOKENS}.")
    assert after == before._replace(rname=f"first\\.last.{TOKENS}.", serial=after.serial)
    assert is_later(after.serial, before.serial)
    (shown,) = harness.shown(TOKENS, "SOA")
    assert shown.split()[1] == f"first\\.last.{TOKENS}."
    assert soa_of(service, TOKENS) == after


def test_a_serial_that_moved_after_the_look_loses_nothing(harness: Harness) -> None:
    service = soa_service(harness.open(TOKENS))
    before = soa_of(service, TOKENS)
    harness.plant(TOKENS, f"moved.{TOKENS}", "TXT", '"neighbour"')
    after = service.set_rname(TOKENS, before, f"moved.{TOKENS}.")
    assert is_later(after.serial, before.serial)
    assert harness.shown(f"moved.{TOKENS}") == ["neighbour"]


def test_a_mailbox_that_somebody_else_set_is_left_alone(harness: Harness) -> None:
    slow, quick = soa_service(harness.open(TOKENS)), soa_service(harness.open(TOKENS))
    look = soa_of(slow, TOKENS)
    quick.set_rname(TOKENS, look, f"theirs.{TOKENS}.")
    assert failed(lambda: slow.set_rname(TOKENS, look, f"ours.{TOKENS}.")).code == "rname_changed"
    assert harness.shown(TOKENS, "SOA")[0].split()[1] == f"theirs.{TOKENS}."


# --- the suite itself


def test_every_service_is_held_against_the_suite() -> None:
    assert {harness.service for harness in HARNESSES} | set(ELSEWHERE) == set(FACTORIES)
    assert all(ELSEWHERE.values())


@pytest.mark.parametrize("kind", HARNESSES, ids=lambda one: one.name)
def test_no_case_is_excused_without_a_reason_that_its_page_tells(kind: type[Harness]) -> None:
    cases = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert set(kind.excuses) <= cases
    page = (PAGES / f"dns_{kind.service}.rst").read_text("utf-8")
    assert [reason for reason in kind.excuses.values() if " ".join(reason.split()) not in " ".join(page.split())] == []
