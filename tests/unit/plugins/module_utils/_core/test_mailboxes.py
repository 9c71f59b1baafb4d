# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes to which approval mails go: which a seller knows, which one is enough for all names, which is chosen."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import a_book, judged, own, told

MAIL = rows.MethodOffer("email", ("3.2.2.4.4", "3.2.2.4.14", "3.2.2.4.13", "3.2.2.4.2"), "mail", ("M-9",), "here")
AS_OF = "2026-11-20T00:00:00Z"


def offer(kind: str, *levels: str, **more: t.Any) -> rows.ContactOffer:
    local_parts = ("admin",) if kind == "constructed" else ()
    words: dict[str, t.Any] = {"local_parts": local_parts, **more}
    return rows.ContactOffer(kind, levels or ("base",), True, "chosen", "subtree", ("A-1",), "here", **words)


def of(*offers: rows.ContactOffer, contact: t.Any = None, as_of: str = AS_OF, **changes: t.Any) -> Judgement:
    product = own(methods=(MAIL,), contacts=offers)
    validation = {"method": "email", **({"contact": contact} if contact else {})}
    return judged(product, a_book(product, as_of=as_of), validation=validation, **changes)


def boxes(*offers: rows.ContactOffer, **changes: t.Any) -> list[tuple[str | None, str, bool]]:
    return [(one.address, one.domain, one.allowed) for one in of(*offers, **changes).mailboxes]


TWO = {"common_name": "a.example.jp", "dns_names": ["c.example.jp"]}


@pytest.mark.parametrize(
    ("level", "domains"),
    [
        ("fqdn", ["www.shop.example.jp"]),
        ("unwww", ["shop.example.jp"]),
        ("base", ["example.jp"]),
        ("www_base", []),
        ("parents", ["shop.example.jp", "example.jp"]),
    ],
)
def test_a_mailbox_stands_at_its_levels(level: str, domains: list[str]) -> None:
    found = [domain for _address, domain, _is in boxes(offer("constructed", level), common_name="www.shop.example.jp")]
    assert found == domains


def test_www_base_is_the_domain_of_its_own_www_alone() -> None:
    for name, domains in (("www.example.jp", ["example.jp"]), ("example.jp", []), ("w.example.jp", [])):
        found = boxes(offer("constructed", "www_base"), common_name=name)
        assert [domain for _address, domain, _is in found] == domains


class TestWhatIsEnough:
    def test_a_constructed_address_covers_names_below_its_domain(self) -> None:
        assert boxes(offer("constructed"), **TWO) == [("admin@example.jp", "example.jp", True)]
        assert boxes(offer("constructed", "fqdn"), **TWO) == [
            ("admin@a.example.jp", "a.example.jp", False),
            ("admin@c.example.jp", "c.example.jp", False),
        ]

    def test_who_holds_the_domain_answers_for_all_its_names(self) -> None:
        """SOA and WHOIS: until the method ends."""
        names = [("a.example.jp", True), ("c.example.jp", True)]
        when = "2024-06-01T00:00:00Z"
        assert [(domain, is_) for _a, domain, is_ in boxes(offer("soa", "fqdn"), as_of=when, **TWO)] == names
        other = {"common_name": "a.example.jp", "dns_names": ["a.other.jp"]}
        found = of(offer("soa"), as_of=when, **other).mailboxes
        assert [(one.domain, one.allowed) for one in found] == [("example.jp", False), ("other.jp", False)]
        assert found[0].reasons[-1] == "an approval at example.jp does not cover a.other.jp"

    def test_what_is_published_stands_at_each_domain(self) -> None:
        other = {"common_name": "a.example.jp", "dns_names": ["a.other.jp"]}
        assert boxes(offer("txt"), **other) == [(None, "example.jp", True), (None, "other.jp", True)]


class TestWhichIsChosen:
    @pytest.mark.parametrize("kind", ["soa", "whois"])
    def test_of_what_others_tell_the_seller_takes_the_first(self, kind: str) -> None:
        contact = {"kind": kind, "address": "hostmaster@example.jp", "exclusive": True}
        chosen = of(offer(kind), contact=contact, as_of="2024-06-01T00:00:00Z").mailbox
        assert chosen is not None
        assert (chosen.kind, chosen.address, chosen.domains) == (kind, "hostmaster@example.jp", ("example.jp",))
        assert chosen.exclusive is False, "there is nothing of ours in DNS that could be the only one"

    @pytest.mark.parametrize("exclusive", [True, False])
    def test_a_published_one_may_be_the_only_one(self, exclusive: bool) -> None:
        contact = {"kind": "txt", "address": "certs@example.jp", "exclusive": exclusive}
        chosen = of(offer("txt"), contact=contact).mailbox
        assert chosen is not None and chosen.exclusive is exclusive
        assert [record[0] for record in chosen.records] == ["_validation-contactemail.example.jp"]

    def test_without_a_word_it_is_asked_for_where_the_applicant_may_choose(self) -> None:
        (error,) = told(of(offer("constructed")))
        assert error[0] == "no_contact"
        assert told(of(offer("constructed")._replace(selectable=False))) == []
