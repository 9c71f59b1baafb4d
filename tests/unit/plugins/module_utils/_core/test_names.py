# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names at their bounds: items, DNS names, owners of records, and what one name says of another."""

from __future__ import annotations

import fnmatch

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import (
    covers,
    dns_name_error,
    free_names,
    is_address,
    item_name_error,
    owner_name_error,
    shown_name_error,
    validated_name,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import Pattern
from hypothesis import given
from hypothesis import strategies as st

LABEL = "a" * 63
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"  # 253


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "9", "x" * 64])
def test_names_of_items(name: str) -> None:
    assert item_name_error(name) is None


@pytest.mark.parametrize("name", ["", "x" * 65, ".a", "-a", "_a", "a..b", "a/b", "a b", "a\n", "é"])
def test_names_of_no_item(name: str) -> None:
    assert item_name_error(name) is not None


def test_a_shown_name_is_printable_and_not_endless() -> None:
    assert [shown_name_error(text) is None for text in ("a", "山 b", "x" * 200, "", "x" * 201, "a\n")] == [True] * 3 + [
        False
    ] * 3


@pytest.mark.parametrize("name", ["a.jp", "*.a.jp", "a-b.xn--p1ai", "1.2.3.4a", LONGEST, f"{LABEL}.jp", "0.jp"])
def test_names_of_a_certificate(name: str) -> None:
    assert dns_name_error(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("*.", "it is empty"),
        ("jp", "it has only one label"),
        ("*.jp", "it has only one label"),
        (LONGEST + "a", "it has 254 characters, 253 are possible"),
        (f"a{LABEL}.jp", f"the label 'a{LABEL}' is not a lower-case A-label"),
        ("A.jp", "the label 'A' is not a lower-case A-label"),
        ("a..jp", "the label '' is not a lower-case A-label"),
        ("a.jp.", "the label '' is not a lower-case A-label"),
        ("-a.jp", "the label '-a' is not a lower-case A-label"),
        ("a-.jp", "the label 'a-' is not a lower-case A-label"),
        ("_a.jp", "the label '_a' is not a lower-case A-label"),
        ("a.*.jp", "the label '*' is not a lower-case A-label"),
        ("192.0.2.1", "its last label is a number, as of an address"),
    ],
)
def test_names_of_no_certificate(name: str, why: str) -> None:
    assert dns_name_error(name) == why


def test_a_wildcard_is_refused_where_it_is_not_possible() -> None:
    assert dns_name_error("*.a.jp", wildcard=False) == "a wildcard name is not possible here"
    assert dns_name_error("a.jp", wildcard=False) is None


def test_owners_of_records_may_have_underscores_and_one_label() -> None:
    assert [owner_name_error(name) for name in ("_acme-challenge.a.jp", "_a", "a_b.jp", "jp")] == [None] * 4
    assert owner_name_error("*.a.jp") is not None


def test_the_validated_name_has_no_star() -> None:
    assert [validated_name(name) for name in ("*.a.jp", "a.jp")] == ["a.jp", "a.jp"]


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("a.jp", "a.jp", True),
        ("*.a.jp", "*.a.jp", True),
        ("*.a.jp", "b.a.jp", True),
        ("*.a.jp", "a.jp", False),
        ("*.a.jp", "c.b.a.jp", False),
        ("*.a.jp", ".a.jp", False),
        ("*.b.a.jp", "*.a.jp", False),
        ("*.a.jp", "b.aa.jp", False),
        ("x.a.jp", "b.a.jp", False),
    ],
)
def test_what_an_entry_covers(pattern: str, name: str, covered: bool) -> None:
    assert covers(pattern, name) is covered


def test_what_comes_at_no_cost() -> None:
    assert free_names(["a.jp"]) == {"www.a.jp"}
    assert free_names(["www.a.jp"]) == free_names(["*.a.jp"]) == {"a.jp"}
    assert free_names(["www.a.jp", "b.jp"]) == {"a.jp", "www.b.jp"}


def test_addresses_are_no_names() -> None:
    assert [is_address(text) for text in ("192.0.2.1", "::1", "a.jp", "192.0.2")] == [True, True, False, False]


@given(st.text("ab*?", max_size=7), st.text("ab", max_size=7))
def test_patterns_of_channels_mean_what_they_mean_in_a_shell(pattern: str, name: str) -> None:
    assert Pattern(pattern).fits(name) is fnmatch.fnmatchcase(name, pattern)
