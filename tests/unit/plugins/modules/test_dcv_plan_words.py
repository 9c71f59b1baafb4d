# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One declaration for every seller: only product and account are others."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import planned

FILE = {"method": "file", "document_root": "/srv/www"}


@pytest.mark.parametrize(
    ("product", "validation", "method"),
    [
        ("acme", {"method": "dns"}, "dns-01"),
        ("acme", {"method": "dns-01"}, "dns-01"),
        ("acme", FILE, "http-01"),
        ("digicert-dv", {"method": "dns"}, "dns"),
        ("digicert-dv", FILE, "file"),
        ("jprs-dv", FILE, "file"),
    ],
)
def test_the_word_becomes_the_one_of_the_product(product: str, validation: dict[str, t.Any], method: str) -> None:
    found = planned(product, validation=validation)
    assert found.error is None
    assert found.certificate is not None
    assert (found.certificate["method"], found.certificate["validation"]["method"]) == (method, method)


@pytest.mark.parametrize(("product", "method"), [("jprs-dv", "dns"), ("acme", "email"), ("digicert-dv", "dns-01")])
def test_what_a_product_does_not_have_is_not_made_up(product: str, method: str) -> None:
    error = planned(product, validation={"method": method}).error
    assert error is not None and error.code == "method_not_offered"


def test_what_must_be_told_for_the_word_must_be_told_for_the_other() -> None:
    error = planned("acme", validation={"method": "file"}).error
    assert error is not None and error.code == "no_document_root"


NAMES = {"common_name": "日本語.example.jp", "dns_names": ["www.example.jp"]}


@pytest.mark.parametrize(
    ("folders", "code", "words"),
    [
        ({"document_root": "/srv", "document_roots": {"www.example.jp": "/srv/www"}}, None, ""),
        ({"document_roots": {"日本語.example.jp": "/srv/a", "WWW.example.jp": "/srv/www"}}, None, ""),
        (
            {"document_roots": {"www.example.jp": "/srv/www"}},
            "no_document_root",
            "nothing for xn--wgv71a119e.example.jp",
        ),
        (
            {"document_root": "/srv", "document_roots": {"web.example.jp": "/x"}},
            "document_root_unused",
            "web.example.jp",
        ),
        ({"document_root": "/srv", "document_roots": {"a b": "/x"}}, "document_root_unused", "a b"),
    ],
    ids=["one of its own", "each its own", "one without", "a name that is none of its", "no name"],
)
def test_each_name_may_have_a_folder_of_its_own(folders: dict[str, t.Any], code: str | None, words: str) -> None:
    found = planned("acme", validation={"method": "http-01", **folders}, **NAMES)
    assert (found.error.code if found.error else None) == code
    if found.error is not None:
        assert words in found.error.why
    elif found.certificate is not None:
        roots = found.certificate["validation"]["document_roots"]
        assert roots["www.example.jp"] == "/srv/www"
        assert set(roots) <= set(found.certificate["dns_names"])
