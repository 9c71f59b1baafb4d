# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that a seller refuses: at a renewal, a reissue, and while a validated order is open."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.changes import change_errors, is_moved
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import PRODUCT, a_book, a_wish, own


def rule(field: str, *at: str) -> rows.ChangeRule:
    return rows.ChangeRule(field, at, "ask the seller", ("X-1",), "here")


def refused(*products: rows.Product, kind: str | None = "renew", **changes: t.Any) -> list[tuple[str, str]]:
    """What and why, for an item of the first of these products."""
    wish, book = a_wish(**changes), a_book(*products)
    page = book.page(products[0])
    return [(one.what, one.why or "") for one in change_errors(wish, ("www.example.jp",), page, kind, book)]


@pytest.mark.parametrize(
    ("at", "kind", "when"),
    [
        (("renew",), "renew", "at a renewal"),
        (("renew",), "issue", "at a renewal"),
        (("renew",), None, "at a renewal"),
        (("reissue",), "reissue", "at a reissue"),
        (("reissue", "validated"), "renew", None),
        (("renew", "validated"), "reissue", None),
    ],
)
def test_a_rule_is_for_what_it_names(at: tuple[str, ...], kind: str | None, when: str | None) -> None:
    product = own(changes=(rule("organization", *at),))
    found = refused(product, kind=kind, previous={"organization": "one"}, organization="two")
    what = f"Somebody's DV does not let organization be changed {when}"
    assert found == ([(what, "it was one, declared is two (X-1)")] if when else [])


@pytest.mark.parametrize(("state", "count"), [("validating", 1), ("issuing", 2)])
def test_what_was_before_and_what_is_open_are_both_told(state: str, count: int) -> None:
    product = own(changes=(rule("organization", "renew", "validated"),))
    order = {"state": state, "organization": "zero"}
    found = refused(product, previous={"organization": "one"}, organization="two", order=order)
    assert [why for _what, why in found] == [
        "it was one, declared is two (X-1)",
        "it was zero, declared is two (X-1)",
    ][:count]


class TestAnotherProduct:
    """Of the same seller: what was declared before has its say on being left."""

    LEFT = PRODUCT._replace(key="left", changes=(rule("product", "renew"), rule("organization", "renew")))
    BEFORE: t.ClassVar[dict[str, t.Any]] = {"product": "left", "organization": "one"}

    def test_the_product_that_is_left_may_refuse_it_and_nothing_else(self) -> None:
        assert refused(own(), self.LEFT, previous=self.BEFORE, organization="two") == [
            ("Somebody's DV does not let product be changed at a renewal", "it was left, declared is own (X-1)")
        ]

    def test_it_is_told_once_where_the_new_one_says_so_too(self) -> None:
        new = own(changes=(rule("product", "renew"),))
        assert len(refused(new, self.LEFT, previous=self.BEFORE)) == 1

    def test_a_product_that_lets_it_go_lets_it_go(self) -> None:
        free = self.LEFT._replace(changes=(rule("organization", "renew"),))
        assert refused(own(), free, previous=self.BEFORE, organization="two") == []
        assert refused(own(), previous=self.BEFORE) == [], "a product that nobody knows any more says nothing"

    @pytest.mark.parametrize(
        ("seller", "account", "moved"),
        [
            pytest.param("somebody", None, False, id="it is not known at which account"),
            pytest.param("somebody", "a", False, id="at the same account"),
            pytest.param("somebody", "b", True, id="at another account"),
            pytest.param("another", None, True, id="of another seller"),
        ],
    )
    def test_bought_elsewhere_it_is_a_first_order(self, seller: str, account: str | None, moved: bool) -> None:
        left = self.LEFT._replace(seller=seller)
        previous = {**self.BEFORE, **({"ca_account": account} if account else {})}
        wish, book = a_wish(previous=previous), a_book(own(), left)
        assert is_moved(wish, book.page(book.products["own"]), book) is moved
        assert bool(refused(own(), left, previous=previous)) is not moved
        assert not is_moved(a_wish(), book.page(book.products["own"]), book)


def test_a_common_name_is_the_same_in_any_spelling() -> None:
    product = own(changes=(rule("common_name", "renew"),))
    assert refused(product, previous={"common_name": "WWW.Example.jp"}) == []
    assert refused(product, previous={"common_name": "a b"}) == [
        (
            "Somebody's DV does not let common_name be changed at a renewal",
            "it was a b, declared is www.example.jp (X-1)",
        )
    ]


@pytest.mark.parametrize(
    ("field", "before", "now", "why"),
    [
        ("product", {"product": "left"}, {}, "it was left, declared is own (X-1)"),
        ("organization", {"organization": "one"}, {}, "it was one, declared is None (X-1)"),
        ("key.made_by", {"key_made_by": "seller"}, {}, "it was seller, declared is us (X-1)"),
        ("key.made_by", {"key_made_by": "us"}, {"key": {"made_by": "seller"}}, "it was us, declared is seller (X-1)"),
        ("deploy.by", {"deployed_by": "seller"}, {}, "it was seller, declared is us (X-1)"),
        ("deploy.by", {"deployed_by": "us"}, {"deploy": {"by": "seller"}}, "it was us, declared is seller (X-1)"),
        ("options.x", {"options": {"x": True}}, {}, "it was true, declared is false (X-1)"),
        ("options.x", {"options": {}}, {"options": {"x": True}}, "it was false, declared is true (X-1)"),
        ("options.x", {"options": {"x": "a"}}, {"options": {"x": "b"}}, "it was a, declared is b (X-1)"),
        ("organization", {"organization": "o" * 80}, {}, f"it was {'o' * 80}, declared is None (X-1)"),
        ("organization", {"organization": "o" * 81}, {}, f"it was {'o' * 77}..., declared is None (X-1)"),
    ],
    ids=str,
)
def test_each_field_is_compared_with_what_it_was(
    field: str, before: dict[str, t.Any], now: dict[str, t.Any], why: str
) -> None:
    product = own(changes=(rule("common_name", "reissue"), rule(field, "renew")))
    wish, book = a_wish(previous=before, **now), a_book(product)
    (error,) = change_errors(wish, ("www.example.jp",), book.page(product), "renew", book)
    assert (error.code, error.why, error.todo) == ("change_refused", why, "Ask the seller")


@pytest.mark.parametrize(
    ("field", "before", "now"),
    [
        ("product", {"product": "own"}, {}),
        ("ca_account", {"ca_account": "a"}, {}),
        ("key.made_by", {"key_made_by": "us"}, {}),
        ("deploy.by", {"deployed_by": "us"}, {}),
        ("options.x", {"options": {"x": False}}, {}),
        ("options.x", {"options": {}}, {"options": {"x": False}}),
        ("options.x", {"product": "own"}, {"options": {"x": True}}),
        ("organization", {}, {"organization": "one"}),
        ("common_name", {"product": "own"}, {}),
    ],
    ids=str,
)
def test_what_is_as_it_was_or_was_never_told_is_no_change(
    field: str, before: dict[str, t.Any], now: dict[str, t.Any]
) -> None:
    assert refused(own(changes=(rule(field, "renew"),)), previous=before, **now) == []
