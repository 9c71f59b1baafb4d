# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public filters, called as a playbook calls them."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.inkan.tls.plugins.filter import names
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY

yaml = pytest.importorskip("yaml")

FILTERS: dict[str, t.Callable[..., t.Any]] = names.FilterModule().filters()
LOCAL_PARTS = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")


def at(*domains: str) -> list[str]:
    return [f"{local_part}@{domain}" for domain in domains for local_part in LOCAL_PARTS]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("Shop.Example.JP", "shop.example.jp", id="lower case"),
        pytest.param("日本語.jp", "xn--wgv71a119e.jp", id="U-labels become A-labels"),
        pytest.param("*.日本語.JP.", "*.xn--wgv71a119e.jp", id="a star stays, the last dot goes"),
        pytest.param("ＷＷＷ.Ｅｘａｍｐｌｅ.jp", "www.example.jp", id="full-width letters are the usual ones"),
        pytest.param("straße.de", "xn--strae-oqa.de", id="non-transitional: ß stays ß"),
        pytest.param("_acme-challenge.example.jp", "_acme-challenge.example.jp", id="an owner name with an underscore"),
    ],
)
def test_to_alabel(name: str, found: str) -> None:
    assert FILTERS["to_alabel"](name) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("www.shop.example.co.jp", "example.co.jp", id="co.jp is a suffix"),
        pytest.param("*.example.jp", "example.jp", id="the star does not count"),
        pytest.param("www.日本語.jp", "xn--wgv71a119e.jp", id="in A-labels"),
        pytest.param("www.tokyo.jp", "www.tokyo.jp", id="tokyo.jp is a suffix: www is what was registered"),
        pytest.param("co.jp", None, id="a suffix has none"),
        pytest.param("jp", None, id="nor has a top-level domain"),
        pytest.param("kawasaki.jp", None, id="nor has the parent of a wildcard rule"),
        pytest.param("x.github.io", "github.io", id="only the ICANN section counts"),
    ],
)
def test_registrable_domain(name: str, found: str | None) -> None:
    assert FILTERS["registrable_domain"](name) == found


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        pytest.param("example.jp", ["example.jp"], id="five at the registered domain"),
        pytest.param(
            "a.b.example.co.jp",
            ["a.b.example.co.jp", "b.example.co.jp", "example.co.jp"],
            id="five at each name above, the nearest first",
        ),
        pytest.param("*.shop.example.jp", ["shop.example.jp", "example.jp"], id="none at the star"),
        pytest.param("www.city.kobe.lg.jp", ["www.city.kobe.lg.jp", "city.kobe.lg.jp"], id="LG.JP registers one more"),
    ],
)
def test_constructed_addresses(name: str, domains: list[str]) -> None:
    assert FILTERS["constructed_addresses"](name) == at(*domains)


@pytest.mark.parametrize(
    ("mailbox", "name"),
    [
        pytest.param("hostmaster@example.jp", "hostmaster.example.jp.", id="the @ becomes a dot"),
        pytest.param("cert.admin@example.co.jp", "cert\\.admin.example.co.jp.", id="a dot before it gets a backslash"),
        pytest.param("a+b@example.jp", "a+b.example.jp.", id="a plus sign is a letter like any other"),
    ],
)
def test_mailbox_and_rname_are_each_others_inverse(mailbox: str, name: str) -> None:
    assert FILTERS["to_rname"](mailbox) == name
    assert FILTERS["from_rname"](name) == mailbox


def test_the_domain_of_a_mailbox_may_have_u_labels() -> None:
    assert FILTERS["to_rname"]("admin@日本語.JP") == "admin.xn--wgv71a119e.jp."


def test_a_dot_alone_is_no_mailbox() -> None:
    assert FILTERS["from_rname"](".") == ""


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("to_alabel", "a..b.jp", "A-label"),
        ("to_alabel", "xn--abc-.jp", "Punycode"),
        ("to_alabel", "x" * 600, "600 characters"),
        ("registrable_domain", "two words.jp", "cannot read"),
        ("registrable_domain", "_dmarc.example.jp", "cannot read"),
        ("constructed_addresses", "co.jp", "public suffix"),
        ("constructed_addresses", "", "cannot read"),
        ("to_rname", "example.jp", "local-part@domain"),
        ("to_rname", "a" * 64 + "@example.jp", "64 octets"),
        ("from_rname", "hostmaster\\", "backslash"),
        ("from_rname", "hostmaster", "mail domain"),
        *((name, value, "takes a text, not a") for name in FILTERS for value in ([], 1, None)),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_filter_and_the_reason(name: str, value: t.Any, why: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"inkan.tls.{name} .*{why}"):
        FILTERS[name](value)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.suffix, "PUBLICSUFFIXLIST_ERROR", "Traceback: it is not there")
    with pytest.raises(AnsibleFilterError, match="publicsuffixlist on the controller"):
        FILTERS["registrable_domain"]("example.jp")


@pytest.mark.parametrize("name", FILTERS)
def test_every_public_filter_is_documented_with_its_sample(name: str) -> None:
    documented = yaml.safe_load((REPOSITORY / f"plugins/filter/{name}.yml").read_text(encoding="utf-8"))
    assert documented["DOCUMENTATION"]["name"] == name
    (task, *_more) = yaml.safe_load(documented["EXAMPLES"])
    given, _mark, filtered = task["ansible.builtin.debug"]["msg"].strip("{} ").partition(" | ")
    assert filtered == f"inkan.tls.{name}"
    value, sample = FILTERS[name](given.strip("'")), documented["RETURN"]["_value"]["sample"]
    assert value[: len(sample)] == sample if isinstance(value, list) else value == sample


@pytest.mark.parametrize("name", ["to_alabel", "registrable_domain", "constructed_addresses"])
def test_no_control_character_comes_through_with_the_reason(name: str) -> None:
    """Ansible shows the words of an error's cause as they are."""
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name]("*.xn--w\x0fv.jp")
    assert str(caught.value).isprintable()
    assert "is no Punycode" in str(caught.value)
