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
