# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' own descriptions of approval mails, those of the collection, and the scope that an order needs."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import About, OurOrder, about_of
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_form import needed_scope
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_profile_input import read_profiles
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    KINDS,
    MAIL_PROFILES,
    MOVES,
    MailProfile,
)

OWN = {"kind": "approval", "cas": ["jprs"], "senders": ["ssl@reseller.example"], "hosts": ["www.reseller.example"]}


def read(**rows: t.Any) -> tuple[MailProfile, ...]:
    errors = InputCollector()
    found = read_profiles(rows, errors)
    errors.refuse()
    return found


def wrong(**row: t.Any) -> str:
    errors = InputCollector()
    read_profiles({"mine": row}, errors)
    return " ".join(error.why for error in errors.errors)


def test_a_row_of_a_users_stands_before_ours_but_behind_those_that_are_no_approval() -> None:
    rows = read(mine=OWN, mytransfer={**OWN, "kind": "other"}, jprs={"hosts": ["a.example"]})
    keys = [row.key for row in rows]
    first = [row.key for row in MAIL_PROFILES if row.kind in ("other", "intent")]
    assert keys[: len(first) + 2] == [*first, "mytransfer", "mine"]
    (jprs,) = [row for row in rows if row.key == "jprs"]
    assert (jprs.hosts, jprs.senders, jprs.unverified) == (("a.example",), ("info@jprs.jp",), ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": ["a"]}, 'Did you mean "hosts"?'),
        ({"kind": "magic"}, "kind must be one of"),
        ({"based_on": "digicart"}, 'Did you mean "digicert"?'),
        ({"senders": ["nobody"]}, "it has no @"),
        ({"hosts": ["Approve.example"]}, "no host name in lower case"),
        ({"hosts": ["approve.example:8443"]}, "except on loopback"),
        ({"hosts": "approve.example"}, "must be a list of texts"),
        ({"subjects": ["about {name}"]}, "no other word in braces"),
        ({"path": "link"}, "must begin with /"),
        ({"code_pattern": "code: (.+"}, "no regular expression"),
        ({"code_pattern": "(a)(b)"}, "exactly one group"),
        ({"forms": [{"scopes": []}]}, "forms must be a list"),
        ({"forms": [{"buttons": ["ok"], "scopes": [{"words": ["x"], "covers": "all"}]}]}, "forms must be a list"),
        ({"words": ["x"]}, "words must be a list of lists"),
        ({"moves": "on"}, "moves must be one of"),
    ],
)
def test_what_is_wrong_with_a_row_is_told(change: dict[str, t.Any], words: str) -> None:
    assert words in wrong(**{**OWN, **change})


def test_a_row_of_its_own_needs_a_kind_and_its_cas() -> None:
    assert wrong(senders=["a@b.example"]).count("is missing") == 2


def test_no_row_of_ours_is_followed_where_nobody_has_seen_its_links() -> None:
    for row in MAIL_PROFILES:
        assert row.kind in KINDS and row.facts and (row.moves in MOVES) == (row.kind == "notice")
        assert row.hosts or row.kind not in ("approval", "code") or "hosts" in row.unverified
        assert row.senders or "senders" in row.unverified
        assert bool(row.forms) == (row.kind in ("approval", "code"))


DIGICERT = next(row for row in MAIL_PROFILES if row.key == "digicert")
CYBERTRUST = next(row for row in MAIL_PROFILES if row.key == "cybertrust")


@pytest.mark.parametrize(
    ("row", "subject", "about"),
    [
        (DIGICERT, "[Domain Approval] ドメイン名の利用権確認のお願い: a.example.jp", About("a.example.jp", "")),
        (
            DIGICERT,
            "[Domain Approval]:ドメイン名の利用権確認のお願い:a.example.jp 922001",
            About("a.example.jp", "922001"),
        ),
        (DIGICERT, "[要対応] 以下の証明書申請を承認する 日本語.jp 1", About("xn--wgv71a119e.jp", "1")),
        (CYBERTRUST, "SSL サーバー証明書　ドメイン名使用権確認について（a.example.jp）", About("a.example.jp", "")),
        (CYBERTRUST, "Re: SSL サーバー証明書 ドメイン名使用権確認について(a.example.jp)", None),
    ],
)
def test_a_subject_says_what_it_is_about(row: MailProfile, subject: str, about: About | None) -> None:
    assert about_of(subject, row) == about


@pytest.mark.parametrize(
    ("names", "domain", "scope"),
    [
        (("a.example.jp",), "a.example.jp", "fqdn"),
        (("example.jp", "www.example.jp"), "example.jp", "subtree"),
        (("*.example.jp",), "example.jp", "subtree"),
        (("a.example.jp", "b.example.com"), "a.example.jp", "fqdn"),
    ],
)
def test_the_scope_is_the_narrowest_that_covers_every_name(names: tuple[str, ...], domain: str, scope: str) -> None:
    order = OurOrder("x", "r", "cybertrust", "a", names, datetime.now(timezone.utc))
    assert needed_scope(order, domain) == scope


@pytest.mark.parametrize(("length", "shown"), [(40, "x" * 40), (41, "x" * 40)])
def test_an_unknown_word_is_shown_by_its_beginning(length: int, shown: str) -> None:
    assert wrong(**{**OWN, "x" * length: 1}).startswith(f"{shown} is no word of it.")


@pytest.mark.parametrize(("length", "shown"), [(80, "X" * 80), (81, f"{'X' * 80}… (1 more characters)")])
def test_a_host_that_is_none_is_shown_by_its_beginning(length: int, shown: str) -> None:
    assert wrong(**{**OWN, "hosts": ["X" * length]}) == f"hosts: {shown!r} is no host name in lower case"
    assert wrong(**{**OWN, "senders": ["X" * length]}).startswith(f"senders: {shown!r}: ")
