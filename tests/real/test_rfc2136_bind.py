# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service rfc2136, dns_tokens and dcv_check against real BIND 9: what was written is read from BIND's own logs."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    DnsService,
    Look,
    Question,
    RRset,
    ServiceConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136Factory
from ansible_collections.inkan.tls.plugins.modules import dcv_check, dns_tokens
from servers.bind import Bind, secret

ZONE = "example.test"
NAME = f"_acme-challenge.www.{ZONE}"
GRANT = "grant upd zonesub ANY;"
DNSPYTHON_CLOCK = "dns.message.time.time"


@pytest.fixture(scope="module")
def bind(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Bind]:
    zones: dict[str, dict[str, list[tuple[str, str]]]] = {
        ZONE: {
            "alias": [("CNAME", f"target.{ZONE}.")],
            "_acme-challenge.shop": [("CNAME", "shop.tokens.test.")],
            "_acme-challenge.loop": [("CNAME", f"_acme-challenge.pool.{ZONE}.")],
            "_acme-challenge.pool": [("CNAME", f"_acme-challenge.loop.{ZONE}.")],
            "_acme-challenge.lost": [("CNAME", "nowhere.invalid.")],
            "two": [("TXT", '"one string" " and another"'), ("TXT", '"neighbour"')],
        },
        "tokens.test": {},
        "refusing.test": {},
        "narrow.test": {},
        "foreign.test": {"_acme-challenge.mine": [("CNAME", "mine.tokens.test.")]},
    }
    policy = {"refusing.test": None, "narrow.test": "grant upd name _acme-challenge.good.narrow.test. TXT;"}
    keys = {"upd": secret(), "other": secret("other")}
    directory = tmp_path_factory.mktemp("bind")
    with Bind(directory, zones=zones, keys=keys, policy=policy) as server:
        yield server


def settings(bind: Bind, **changes: t.Any) -> dict[str, t.Any]:
    return {"server": bind.address, "port": bind.port, "key_name": "upd", "timeout": 3, **changes}


def open_service(
    bind: Bind, zones: t.Sequence[str] = (ZONE,), key_secret: str | None = None, **changes: t.Any
) -> DnsService:
    config = ServiceConfig(
        "primary", "rfc2136", settings(bind, **changes), {"key_secret": key_secret or secret()}, tuple(zones)
    )
    assert Rfc2136Factory().settings_errors(config) == []
    return Rfc2136Factory().open(config)


def only(receipts: t.Sequence[InkanError | None]) -> InkanError:
    (error,) = receipts
    assert error is not None
    return error


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of its own for each test, so that tests do not see each other."""
    label = request.node.name.replace("_", "-")[5:55].rstrip("-").split("[")[0]
    return f"_acme-challenge.{label}.{ZONE}"


# --- service --------------------------------------------------------------------------------------------------------


def test_appends_beside_a_neighbour_and_removes_only_its_own(bind: Bind, name: str) -> None:
    service = open_service(bind)
    assert list(service.add(ZONE, [Change(name, "TXT", "neighbour", 77)])) == [None]
    assert list(service.add(ZONE, [Change(name, "TXT", "ours", 60)])) == [None]
    assert bind.records(name) == ["neighbour", "ours"]
    assert service.get(ZONE, name, "TXT") == RRset(name, "TXT", frozenset({"neighbour", "ours"}), 77)
    assert list(service.remove(ZONE, [Change(name, "TXT", "ours")])) == [None]
    assert bind.records(name) == ["neighbour"]


def test_a_value_longer_than_one_string_comes_back_whole(bind: Bind, name: str) -> None:
    value = 'quoted " and \\ and こ' + "x" * 700
    service = open_service(bind)
    assert list(service.add(ZONE, [Change(name, "TXT", value)])) == [None]
    assert service.get(ZONE, name, "TXT").values == {value}
    assert list(service.remove(ZONE, [Change(name, "TXT", value)])) == [None]
    assert bind.records(name) == []


def test_removes_a_value_that_somebody_else_cut_into_other_strings(bind: Bind) -> None:
    service = open_service(bind)
    assert list(service.remove(ZONE, [Change(f"two.{ZONE}", "TXT", "one string and another")])) == [None]
    assert bind.records(f"two.{ZONE}") == ["neighbour"]


def test_adding_what_is_there_and_removing_what_is_not_sends_no_update(bind: Bind, name: str) -> None:
    service = open_service(bind)
    service.add(ZONE, [Change(name, "TXT", "there")])
    serial = bind.serial(ZONE)
    before = len(bind.updates())
    assert list(open_service(bind).add(ZONE, [Change(name, "TXT", "there", 5)])) == [None]
    assert list(open_service(bind).remove(ZONE, [Change(name, "TXT", "absent")])) == [None]
    assert (bind.serial(ZONE), len(bind.updates())) == (serial, before)


def test_an_exclusive_set_is_swapped_and_a_stale_expectation_is_refused(bind: Bind, name: str) -> None:
    service, rival = open_service(bind), open_service(bind)
    service.add(ZONE, [Change(name, "TXT", "old")])
    seen = rival.get(ZONE, name, "TXT")
    service.replace(ZONE, service.get(ZONE, name, "TXT"), frozenset({"new", "newer"}), 60)
    assert bind.records(name) == ["new", "newer"]
    with pytest.raises(RefusedError) as refused:
        rival.replace(ZONE, seen, frozenset({"theirs"}), 60)
    assert refused.value.code == "rrset_changed"
    assert bind.records(name) == ["new", "newer"]


def test_an_exclusive_set_is_only_created_where_none_is(bind: Bind, name: str) -> None:
    rival = open_service(bind)
    empty = rival.get(ZONE, name, "TXT")
    open_service(bind).replace(ZONE, empty, frozenset({"first"}), 60)
    with pytest.raises(RefusedError) as refused:
        rival.replace(ZONE, empty, frozenset({"second"}), 60)
    assert refused.value.code == "rrset_changed"
    assert bind.records(name) == ["first"]


def test_txt_beside_a_cname_is_detected_though_the_server_says_noerror(bind: Bind) -> None:
    error = only(open_service(bind).add(ZONE, [Change(f"alias.{ZONE}", "TXT", "ignored")]))
    assert error.code == "cname_conflict"
    assert f"target.{ZONE}" in error.why


def test_a_cname_beside_other_records_is_detected_though_the_server_says_noerror(bind: Bind, name: str) -> None:
    service = open_service(bind)
    service.add(ZONE, [Change(name, "TXT", "first")])
    error = only(service.add(ZONE, [Change(name, "CNAME", "elsewhere.example.test")]))
    assert error.code == "cname_conflict"
    assert bind.records(name) == ["first"]


def test_a_cname_is_swapped_and_never_takes_the_place_of_one_that_came_after_the_look(bind: Bind, name: str) -> None:
    first, second = open_service(bind), open_service(bind)
    (look,) = second.looks([Question(name, "CNAME")])
    assert isinstance(look, Look)
    assert first.add(ZONE, [Change(name, "CNAME", "theirs.example.test")]) == [None]
    assert only(second.add(ZONE, [Change(name, "CNAME", "ours.example.test")])).code == "rrset_changed"
    there = second.get(ZONE, name, "CNAME")
    assert there.values == {"theirs.example.test"}
    second.replace(ZONE, there, frozenset({"ours.example.test"}), 60)
    assert first.get(ZONE, name, "CNAME").values == {"ours.example.test"}


def test_zone_for_asks_the_server_and_refuses_what_it_does_not_hold(bind: Bind) -> None:
    assert open_service(bind).zone_for(NAME) == ZONE
    with pytest.raises(RefusedError) as undeclared:
        open_service(bind).zone_for("www.other.test")
    assert undeclared.value.code == "zone_not_found"
    with pytest.raises(InkanError) as strange:
        open_service(bind, zones=["other.test"]).zone_for("www.other.test")
    assert strange.value.code == "dns_refused"


@pytest.mark.parametrize(
    ("changes", "key_secret", "code"),
    [
        ({"key_name": "nobody"}, None, "tsig_bad_key"),
        ({"key_algorithm": "hmac-sha512"}, None, "tsig_bad_key"),
        ({}, secret("wrong"), "tsig_bad_signature"),
    ],
    ids=["an unknown key", "another algorithm", "another secret"],
)
def test_a_wrong_key_is_told_apart(bind: Bind, changes: dict[str, t.Any], key_secret: str | None, code: str) -> None:
    error = only(open_service(bind, key_secret=key_secret, **changes).add(ZONE, [Change(NAME, "TXT", "never")]))
    assert error.code == code
    assert bind.records(NAME) == []
    assert (key_secret or secret()) not in error.sentence()


@pytest.mark.parametrize(("shift", "words"), [(-4000, "ahead of"), (4000, "behind")], ids=["slow", "fast"])
def test_a_wrong_clock_is_told_with_its_skew(
    bind: Bind, monkeypatch: pytest.MonkeyPatch, shift: int, words: str
) -> None:
    real = time.time
    monkeypatch.setattr(DNSPYTHON_CLOCK, lambda: real() + shift)
    error = only(open_service(bind).add(ZONE, [Change(NAME, "TXT", "never")]))
    assert error.code == "tsig_bad_time"
    assert f"seconds {words} ours" in error.why
    assert any(str(skew) in error.why for skew in range(3997, 4004))


def test_a_zone_that_refuses_says_so(bind: Bind) -> None:
    error = only(
        open_service(bind, zones=["refusing.test"]).add("refusing.test", [Change("x.refusing.test", "TXT", "no")])
    )
    assert error.code == "dns_refused"
    assert "update-policy" in error.todo


def test_a_record_that_the_policy_denies_does_not_take_the_others_with_it(bind: Bind) -> None:
    names = ["bad1", "good", "bad2", "bad3"]
    changes = [Change(f"_acme-challenge.{one}.narrow.test", "TXT", "v") for one in names]
    receipts = open_service(bind, zones=["narrow.test"]).add("narrow.test", changes)
    assert [error.code if error else None for error in receipts] == ["dns_refused", None, "dns_refused", "dns_refused"]
    assert bind.records("_acme-challenge.good.narrow.test") == ["v"]


def test_a_closed_port_and_a_silent_server_are_transport_errors(bind: Bind) -> None:
    error = only(open_service(bind, port=1).add(ZONE, [Change(NAME, "TXT", "never")]))
    assert error.kind == "transport"


def test_a_big_batch_takes_few_messages(bind: Bind, name: str) -> None:
    changes = [Change(f"n{number}.{name}", "TXT", "x" * 500) for number in range(150)]
    serial = bind.serial(ZONE)
    assert set(open_service(bind).add(ZONE, changes)) == {None}
    assert bind.serial(ZONE) - serial == 2
    assert set(open_service(bind).remove(ZONE, changes)) == {None}


# --- modules --------------------------------------------------------------------------------------------------------


def tokens_params(
    bind: Bind, tokens: list[dict[str, t.Any]], zones: t.Sequence[str], **more: t.Any
) -> dict[str, t.Any]:
    defaults = {"type": "TXT", "ttl": 60, "exclusive": False, "state": None}
    return {
        "dns_services": {"primary": {"service": "rfc2136", "settings": settings(bind), "zones": list(zones)}},
        "secrets": {"primary": {"key_secret": secret()}},
        "sight": {"resolvers": [bind.address], "dns_port": bind.port},
        "state": "present",
        "force": False,
        "tokens": [{**defaults, **token} for token in tokens],
        **more,
    }


def test_a_second_run_writes_nothing(bind: Bind, name: str) -> None:
    params = tokens_params(bind, [{"name": "a", "record": name, "value": "one"}], [ZONE])
    planned = dns_tokens.run(params, check_mode=True)
    assert (planned.items[0].outcome, planned.changed) == ("published", True)
    assert bind.records(name) == []
    first = dns_tokens.run(params, check_mode=False)
    assert [one.as_data() for one in first.items] == [one.as_data() for one in planned.items]
    assert first.diff == planned.diff
    assert first.diff[0].after == f'{name}. 60 IN TXT "one"\n'
    serial, updates = bind.serial(ZONE), len(bind.updates())
    second = dns_tokens.run(params, check_mode=False)
    assert (second.items[0].outcome, second.changed, second.diff) == ("already_there", False, [])
    assert (bind.serial(ZONE), len(bind.updates())) == (serial, updates)


def test_a_delegated_name_is_written_where_its_cname_leads(bind: Bind) -> None:
    tokens = [
        {"name": "declared", "record": f"_acme-challenge.shop.{ZONE}", "value": "v1"},
        {"name": "foreign", "record": "_acme-challenge.mine.foreign.test", "value": "v2"},
        {"name": "loop", "record": f"_acme-challenge.loop.{ZONE}", "value": "v3"},
        {"name": "lost", "record": f"_acme-challenge.lost.{ZONE}", "value": "v4"},
    ]
    result = dns_tokens.run(tokens_params(bind, tokens, [ZONE, "tokens.test"]), check_mode=False)
    declared, foreign, loop, lost = result.items
    assert (declared.extra["record"], declared.extra["zone"]) == ("shop.tokens.test", "tokens.test")
    assert (foreign.extra["record"], foreign.outcome) == ("mine.tokens.test", "published")
    assert bind.records("shop.tokens.test") == ["v1"]
    assert bind.records("mine.tokens.test") == ["v2"]
    assert loop.error is not None and loop.error.code == "cname_chain"
    assert lost.error is not None and lost.error.code == "zone_not_found"
    assert "nowhere.invalid" in lost.error.sentence() and "tokens.test" in lost.error.sentence()


def test_a_refusing_zone_fails_only_its_own_items(bind: Bind, name: str) -> None:
    tokens = [
        {"name": "bad", "record": "_acme-challenge.refusing.test", "value": "v"},
        {"name": "good", "record": name, "value": "v"},
    ]
    bad, good = dns_tokens.run(tokens_params(bind, tokens, [ZONE, "refusing.test"]), check_mode=False).items
    assert (bad.outcome, bad.changed, bad.error.code if bad.error else None) == ("not_published", False, "dns_refused")
    assert (good.outcome, good.changed, good.error) == ("published", True, None)


def test_exclusive_takes_the_place_of_what_is_there(bind: Bind, name: str) -> None:
    open_service(bind).add(ZONE, [Change(name, "TXT", "old"), Change(name, "TXT", "older")])
    token = {"name": "a", "record": name, "value": "mine", "exclusive": True}
    result = dns_tokens.run(tokens_params(bind, [token], [ZONE]), check_mode=False)
    assert (result.items[0].outcome, bind.records(name)) == ("published", ["mine"])
    assert dns_tokens.run(tokens_params(bind, [token], [ZONE]), check_mode=False).changed is False


def test_dcv_check_says_which_server_lacks_the_value(tmp_path: pathlib.Path) -> None:
    with Bind(tmp_path, secondary="127.0.0.2") as bind:
        bind.wait_in_step(ZONE)
        params = {
            "sight": {"resolvers": [bind.address], "dns_port": bind.port},
            "deadline": 0,
            "checks": [{"name": "www", "records": [{"name": NAME, "type": "TXT", "value": "v"}], "files": []}],
        }
        (absent,) = dcv_check.run(params, check_mode=False).items
        assert absent.state == "not_visible"
        assert [row["answer"] for row in absent.extra["records"][0]["servers"]] == ["says NXDOMAIN"] * 2
        bind.stop_secondary()
        open_service(bind).add(ZONE, [Change(NAME, "TXT", "v")])
        (half,) = dcv_check.run(params, check_mode=False).items
        assert half.state == "not_visible"
        assert [row["found"] for row in half.extra["records"][0]["servers"]] == [True, False]
        assert half.extra["lacking"][0].startswith(f"TXT {NAME}: ns2.{ZONE} (127.0.0.2)")
        bind.start_secondary()
        (whole,) = dcv_check.run({**params, "deadline": 20}, check_mode=False).items
        assert (whole.state, whole.extra["lacking"]) == ("visible", [])
        assert not [query for query in bind.asked_as_resolver() if query.name == NAME], (
            "no resolver learns that it is not there"
        )


def test_dcv_check_follows_a_cname_into_another_zone(bind: Bind) -> None:
    open_service(bind, zones=["tokens.test"]).add("tokens.test", [Change("shop.tokens.test", "TXT", "seen")])
    name = f"_acme-challenge.shop.{ZONE}"
    params = {
        "sight": {"resolvers": [bind.address], "dns_port": bind.port},
        "deadline": 0,
        "checks": [
            {"name": "yes", "records": [{"name": name, "type": "TXT", "value": "seen"}], "files": []},
            {"name": "no", "records": [{"name": name, "type": "TXT", "value": "unseen"}], "files": []},
            {
                "name": "loop",
                "records": [{"name": f"_acme-challenge.loop.{ZONE}", "type": "TXT", "value": "x"}],
                "files": [],
            },
        ],
    }
    yes, no, loop = dcv_check.run(params, check_mode=False).items
    assert (yes.state, no.state, loop.state) == ("visible", "not_visible", "not_visible")
    assert [row["record"] for row in yes.extra["records"][0]["servers"]] == [name, "shop.tokens.test"]
    assert "leads nowhere" in loop.extra["lacking"][0]
