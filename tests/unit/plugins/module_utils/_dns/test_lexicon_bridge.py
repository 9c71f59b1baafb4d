# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge over a driver in memory that has the habits of the real ones; they are also tried on a real server."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._data.lexicon_drivers import REFUSED_DRIVERS
from ansible_collections.inkan.tls.plugins.module_utils._dns import lexicon_library
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, Question, RRset, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_bridge import (
    Lexicon,
    LexiconFactory,
    content_of,
    value_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_library import Row

ZONE = "example.jp"
NAME = "_acme-challenge.example.jp"


class Account:
    """names: how the driver writes names; greedy: a deletion takes the whole name; wide: lists filter nothing."""

    def __init__(
        self, *rows: tuple[str, str, str], names: str = "whole", greedy: bool = False, wide: bool = False
    ) -> None:
        self.rows = list(rows)
        self.names, self.greedy, self.wide = names, greedy, wide
        self.opened: list[tuple[str, int]] = []
        self.writes: list[str] = []
        self.lose = 0

    def open(self, zone: str, ttl: int) -> Driver:
        self.opened.append((zone, ttl))
        return Driver(self)

    def values(self, name: str = NAME, type: str = "TXT") -> list[str]:
        return sorted(content for kind, owner, content in self.rows if (kind, owner) == (type, name))


class Driver:
    """Remembers what it once read, until a write of its own has been answered."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._seen: list[tuple[str, str, str]] | None = None

    def rows(self, type: str, name: str | None) -> list[Row]:
        self._seen = list(self._account.rows) if self._seen is None else self._seen
        return [
            Row(kind, self._written(owner), content, 300, None)
            for kind, owner, content in self._seen
            if self._account.wide or (kind == type and name in (None, owner))
        ]

    def _written(self, owner: str) -> str:
        styles = {"whole": owner, "dot": f"{owner}.", "relative": owner.removesuffix(f".{ZONE}").replace(ZONE, "@")}
        return styles[self._account.names]

    def create(self, type: str, name: str, content: str) -> None:
        self._account.rows.append((type, name, content))
        self._answered(f"create {content}")

    def delete(self, row: Row) -> None:
        gone = [
            one
            for one in self._account.rows
            if one[:2] == (row.type, row.name) and (self._account.greedy or one[2] == row.content)
        ]
        self._account.rows = [one for one in self._account.rows if one not in gone]
        self._answered(f"delete {row.content}")

    def _answered(self, write: str) -> None:
        self._account.writes.append(write)
        if self._account.lose:
            self._account.lose -= 1
            raise TransportError(code="dns_no_answer", what="No answer", sent=True)
        self._seen = None


def service(account: Account) -> Lexicon:
    return Lexicon((ZONE,), account.open, "a test")


def codes(receipts: t.Iterable[InkanError | None]) -> list[str | None]:
    return [error and error.code for error in receipts]


@pytest.mark.parametrize("names", ["whole", "dot", "relative"])
@pytest.mark.parametrize("wide", [False, True], ids=["filtered", "unfiltered"])
def test_what_is_asked_for_is_found_however_a_driver_lists(names: str, wide: bool) -> None:
    rows = [
        ("TXT", NAME, '"a"'),
        ("TXT", f"fooexample.jp.{ZONE}", "x"),
        ("A", NAME, "192.0.2.1"),
        ("TXT", ZONE, "apex"),
    ]
    account = Account(*rows, names=names, wide=wide)
    assert service(account).get(ZONE, NAME, "TXT") == RRset(NAME, "TXT", frozenset({"a"}), 300)
    assert service(account).get(ZONE, ZONE, "TXT").values == {"apex"}


def test_values_come_and_go_and_a_neighbour_stays() -> None:
    account = Account(("TXT", NAME, "neighbour"))
    assert codes(service(account).add(ZONE, [Change(NAME, "TXT", "ours", 120)])) == [None]
    assert account.values() == ["neighbour", "ours"]
    assert codes(service(account).add(ZONE, [Change(NAME, "TXT", "ours")])) == [None]
    assert account.writes == ["create ours"], "nothing to do is no call"
    assert codes(service(account).remove(ZONE, [Change(NAME, "TXT", "ours")])) == [None]
    assert account.values() == ["neighbour"]


def test_a_new_set_has_the_ttl_that_was_asked_for() -> None:
    account = Account()
    service(account).add(ZONE, [Change(NAME, "TXT", "ours", 120)])
    assert (ZONE, 120) in account.opened


def test_what_a_driver_took_of_a_neighbour_is_put_back_and_told() -> None:
    account = Account(("TXT", NAME, "neighbour"), ("TXT", NAME, "ours"), greedy=True)
    (error,) = service(account).remove(ZONE, [Change(NAME, "TXT", "ours")])
    assert error is not None and (error.code, error.did_change) == ("dns_neighbour_lost", True)
    assert account.values() == ["neighbour"]


def test_a_lost_answer_is_settled_by_a_fresh_list() -> None:
    account = Account(("TXT", NAME, "old"))
    account.lose = 1
    service(account).replace(ZONE, RRset(NAME, "TXT", frozenset({"old"}), 300), frozenset({"new"}), 300)
    assert (account.values(), account.writes) == (["new"], ["create new", "delete old"])


def test_a_cname_goes_before_the_next_one_comes() -> None:
    account = Account(("CNAME", NAME, "a.example.net"))
    service(account).replace(
        ZONE, RRset(NAME, "CNAME", frozenset({"a.example.net"}), 300), frozenset({"b.example.net"}), 300
    )
    assert account.writes == ["delete a.example.net", "create b.example.net"]


def test_where_a_cname_leads_is_left_to_dns() -> None:
    """A driver that writes the targets as names of the zone would have us publish at a place that nobody asks."""
    account = Account(("CNAME", NAME, f"x.tokens.example.net.{ZONE}"))
    (look,) = service(account).looks([Question(NAME, "TXT")])
    assert isinstance(look, InkanError) and look.code == "zone_not_found"
    assert codes(service(account).add(ZONE, [Change(NAME, "TXT", "a")])) == ["cname_conflict"]
    assert account.writes == []


def test_a_name_below_a_delegation_is_refused() -> None:
    account = Account(("NS", f"sub.{ZONE}", "ns.example.net"), ("NS", ZONE, "ns1.example.jp"))
    assert codes(service(account).add(ZONE, [Change(f"x.sub.{ZONE}", "TXT", "a")])) == ["zone_not_found"]
    assert codes(service(account).add(ZONE, [Change(f"x.{ZONE}", "TXT", "a")])) == [None]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("plain", "plain"),
        ('"quoted"', "quoted"),
        ('"one" "two"', "onetwo"),
        ('one" "two', "onetwo"),
        ("v=spf1 -all", "v=spf1 -all"),
        ('"', '"'),
        ('"open', '"open'),
        ("", ""),
    ],
)
def test_a_txt_value_is_read_however_it_is_quoted(content: str, value: str) -> None:
    assert value_of("TXT", content) == value


def test_only_a_long_value_is_written_in_pieces() -> None:
    assert content_of("TXT", "short") == "short"
    assert content_of("TXT", "x" * 256) == f'"{"x" * 255}" "x"'


# --- settings ------------------------------------------------------------------------------------------------------


def errors(settings: dict[str, t.Any], **secrets: str) -> list[str]:
    return LexiconFactory().settings_errors(ServiceConfig("dns", "lexicon", settings, secrets, (ZONE,)))


@pytest.mark.parametrize("driver", sorted(REFUSED_DRIVERS))
def test_a_driver_that_loses_data_is_refused_with_the_reason(driver: str) -> None:
    (sentence,) = errors({"driver": driver}, auth_token="12345678")
    assert REFUSED_DRIVERS[driver].why in sentence


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"driver": "powerdns", "options": {"pdns_server": "https://x"}}, {"auth_token": "12345678"}, []),
        ({}, {}, ["settings.driver", "secrets are missing"]),
        ({"driver": "../x", "options": [], "timeout": 0}, {"a": "12345678"}, ["driver", "options", "timeout"]),
        ({"driver": "powerdns", "delegated": "x"}, {"a": "12345678"}, ['no setting "delegated"']),
    ],
)
def test_settings_are_judged_all_at_once(settings: dict[str, t.Any], secrets: dict[str, str], words: list[str]) -> None:
    found = errors(settings, **secrets)
    assert len(found) == len(words) and all(any(word in one for one in found) for word in words), found


def test_without_the_package_the_service_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon_library, "LEXICON_ERROR", "ImportError")
    config = ServiceConfig("dns", "lexicon", {"driver": "powerdns"}, {"auth_token": "12345678"}, (ZONE,))
    (look,) = LexiconFactory().open(config).looks([Question(NAME, "TXT")])
    assert isinstance(look, InkanError) and (look.code, "pip install dns-lexicon" in look.todo) == (
        "library_missing",
        True,
    )
