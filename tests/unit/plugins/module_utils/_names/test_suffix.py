# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import (
    is_public_suffix,
    registered_domain,
    registrable_domain,
)

# (name, registrable domain): computed from the ICANN section of the list at commit e8c9a2b2 of 2026-08-19
EXAMPLES = [
    ("www.example.jp", "example.jp"),
    ("a.b.example.jp", "example.jp"),
    ("www.example.co.jp", "example.co.jp"),
    ("*.example.co.jp", "example.co.jp"),
    ("mail.example.ne.jp", "example.ne.jp"),
    ("www.example.or.jp", "example.or.jp"),
    ("lab.example.ac.jp", "example.ac.jp"),
    ("www.example.go.jp", "example.go.jp"),
    ("www.example.gr.jp", "example.gr.jp"),
    ("www.example.ed.jp", "example.ed.jp"),
    ("ns.example.ad.jp", "example.ad.jp"),
    ("example.tokyo.jp", "example.tokyo.jp"),
    ("www.example.tokyo.jp", "example.tokyo.jp"),
    ("www.tokyo.jp", "www.tokyo.jp"),
    ("tokyo.jp", None),
    ("*.tokyo.jp", None),
    ("www.metro.tokyo.jp", "metro.tokyo.jp"),
    ("www.pref.osaka.jp", "pref.osaka.jp"),
    ("shop.chiyoda.tokyo.jp", "shop.chiyoda.tokyo.jp"),
    ("chiyoda.tokyo.jp", None),
    ("www.city.shinjuku.tokyo.jp", "city.shinjuku.tokyo.jp"),
    ("www.town.hakone.kanagawa.jp", "town.hakone.kanagawa.jp"),
    ("www.city.kawasaki.jp", "city.kawasaki.jp"),
    ("city.kawasaki.jp", "city.kawasaki.jp"),
    ("www.example.nakahara.kawasaki.jp", "example.nakahara.kawasaki.jp"),
    ("nakahara.kawasaki.jp", None),
    ("www.kawasaki.jp", None),
    ("kawasaki.jp", None),
    ("www.city.yokohama.jp", "city.yokohama.jp"),
    ("www.city.osaka.jp", "city.osaka.jp"),
    ("www.kesennuma.miyagi.jp", "kesennuma.miyagi.jp"),
    ("www.city.kobe.lg.jp", "kobe.lg.jp"),
    ("www.metro.tokyo.lg.jp", "tokyo.lg.jp"),
    ("www.xn--fsq.xn--1lqs71d.jp", "xn--fsq.xn--1lqs71d.jp"),
    ("www.xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
    ("foo.theshop.jp", "theshop.jp"),
    ("www.example.com.jp", "com.jp"),
    ("www.example.tokyo", "example.tokyo"),
]


@pytest.mark.parametrize(("name", "expected"), EXAMPLES, ids=[name for name, _other in EXAMPLES])
def test_registrable_domain(name: str, expected: str | None) -> None:
    assert registrable_domain(name) == expected


@pytest.mark.parametrize("city", "kawasaki kitakyushu kobe nagoya sapporo sendai yokohama".split())
def test_the_parent_of_a_wildcard_rule_is_a_suffix_and_its_city_is_not(city: str) -> None:
    assert is_public_suffix(f"{city}.jp")
    assert is_public_suffix(f"any.{city}.jp")
    assert not is_public_suffix(f"city.{city}.jp")


def test_names_of_an_unlisted_top_level_domain_are_registrable_below_it() -> None:
    assert is_public_suffix("test")
    assert registrable_domain("www.example.test") == "example.test"


#: where the registry hands out one label more than the list says (JPRS, LG.JP technical rules)
UNITS = {
    "www.city.kobe.lg.jp": "city.kobe.lg.jp",
    "city.kobe.lg.jp": "city.kobe.lg.jp",
    "*.city.kobe.lg.jp": "city.kobe.lg.jp",
    "www.metro.tokyo.lg.jp": "metro.tokyo.lg.jp",
    "a.b.pref.osaka.lg.jp": "pref.osaka.lg.jp",
    "www.town.hakone.lg.jp": "town.hakone.lg.jp",
    "www.vill.hakuba.lg.jp": "vill.hakuba.lg.jp",
    "www.union.example.lg.jp": "union.example.lg.jp",
}


@pytest.mark.parametrize("name", UNITS)
def test_a_name_of_a_local_government_is_registered_one_label_below_the_lists_domain(name: str) -> None:
    assert registered_domain(name) == UNITS[name]


@pytest.mark.parametrize("name", ["kobe.lg.jp", "www.kobe.lg.jp", "www.shop.kobe.lg.jp", "lg.jp", "city.lg.jp"])
def test_another_label_below_lg_jp_says_nothing_of_a_unit(name: str) -> None:
    assert registered_domain(name) == registrable_domain(name)


@pytest.mark.parametrize("name", [name for name, _other in EXAMPLES if not name.endswith("lg.jp")])
def test_outside_lg_jp_a_name_is_registered_as_the_list_says(name: str) -> None:
    assert registered_domain(name) == registrable_domain(name)
