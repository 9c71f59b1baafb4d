# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The final form of an item says all that was declared, and the plan all that was judged."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import FILE, by_mail, code, planned

SOLD = next(one for one in PRODUCTS if one.key == "jprs-dv")
COPY = {"path": "/srv/x.pem", "content": "fullchain", "owner": "web", "group": "www", "mode": "0644"}
DEPLOY = {"by": "us", "reload": "nginx", "owner": "root", "group": "ssl", "mode": "0640", "copies": [COPY]}


def test_the_final_form_holds_every_word_of_the_item() -> None:
    one = planned(
        validation={**FILE, "document_root": "/srv/www", "hosts": ["ns1"]},
        hosts=["web1", "web2"],
        key={"type": "ecdsa-p256", "reuse": False},
        deploy={
            **DEPLOY,
            "post_check": {"argv": ["true"]},
            "handshake": {"address": "127.0.0.1", "port": 8443, "server_name": "www.example.jp", "timeout": 3},
        },
    )
    assert one.certificate == {
        "name": "x",
        "common_name": "www.example.jp",
        "dns_names": ["www.example.jp"],
        "product": "jprs-dv",
        "seller": "jprs",
        "ca_account": "a",
        "method": "file",
        "validation": {
            "method": "file",
            "contact": None,
            "document_root": "/srv/www",
            "document_roots": {},
            "hosts": ["ns1"],
        },
        "key": {"type": "ecdsa-p256", "reuse": False, "made_by": "us"},
        "organization": None,
        "subject": {},
        "hosts": ["web1", "web2"],
        "paths": {},
        "issued_from": None,
        "options": {},
        "deploy": {
            **DEPLOY,
            "post_check": {"argv": ["true"]},
            "handshake": {"address": "127.0.0.1", "port": 8443, "server_name": "www.example.jp", "timeout": 3.0},
        },
    }


def test_a_handshake_is_made_for_a_plain_name_within_ten_seconds_where_nothing_is_said() -> None:
    handshake = planned(validation=FILE, deploy={"handshake": {"address": "::1"}}).certificate["deploy"]["handshake"]
    assert handshake == {"address": "::1", "port": 443, "server_name": "www.example.jp", "timeout": 10}


def test_a_mailbox_is_told_with_the_domains_that_it_speaks_for() -> None:
    contact = planned(validation=by_mail("admin@example.jp")).certificate["validation"]["contact"]
    assert contact == {
        "kind": "constructed",
        "address": "admin@example.jp",
        "exclusive": False,
        "domains": ["example.jp"],
    }


def test_a_method_is_shown_with_its_end_and_its_facts() -> None:
    methods = {one["method"]: one for one in planned(validation=FILE).plan["methods"]}
    assert set(methods["file"]) == {"method", "allowed", "discouraged", "ends_on", "reasons", "facts"}
    assert (methods["file"]["allowed"], methods["file"]["discouraged"], methods["file"]["ends_on"]) == (
        True,
        False,
        None,
    )
    assert methods["email"]["discouraged"] is True and methods["email"]["ends_on"] == "2028-03-15"
    assert all(one["facts"] for one in methods.values())


def test_a_contact_is_shown_with_its_address_and_its_facts() -> None:
    first = planned(validation=by_mail("admin@example.jp")).plan["contacts"][0]
    assert first["address"].endswith("@example.jp") and first["selectable"] is True
    assert first["facts"] and first["kind"] == "constructed" and first["allowed"] is True


def changed(field: str, at: str, before: t.Any, **more: t.Any) -> Planned:
    """An item whose product forbids to change ``field``; ``before``: what was declared then."""
    rule = rows.ChangeRule(field, (at,), "ask the seller", ("A-1",), "here")
    return planned(SOLD._replace(key="own", changes=(rule,)), previous=before, validation=FILE, **more)


@pytest.mark.parametrize(
    ("field", "before", "now", "words"),
    [
        ("product", {"product": "jprs-ov"}, {}, "it was jprs-ov, declared is own"),
        ("organization", {"organization": "one"}, {"organization": None}, "it was one, declared is None"),
        ("key.made_by", {"key_made_by": "seller"}, {}, "it was seller, declared is us"),
        ("deploy.by", {"deployed_by": "seller"}, {}, "it was seller, declared is us"),
        ("common_name", {"common_name": "old.example.jp"}, {}, "it was old.example.jp, declared is www.example.jp"),
        ("options.x", {"options": {"x": True}}, {}, "it was true, declared is false"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_the_seller_lets_nobody_change_is_refused_at_a_renewal(
    field: str, before: dict[str, t.Any], now: dict[str, t.Any], words: str
) -> None:
    one = changed(field, "renew", before, **now)
    assert code(one) == "change_refused" and words in str(one.error)
    assert "Ask the seller" in str(one.error) and "A-1" in str(one.error)


@pytest.mark.parametrize(
    ("field", "before"),
    [
        ("product", {"product": "own"}),
        ("ca_account", {"ca_account": "a"}),
        ("key.made_by", {"key_made_by": "us"}),
        ("options.x", {"options": {"x": False}}),
        ("options.x", {}),
    ],
    ids=str,
)
def test_what_is_as_it_was_or_was_never_told_is_no_change(field: str, before: dict[str, t.Any]) -> None:
    assert code(changed(field, "renew", before)) is None


def test_a_long_value_is_shown_by_its_beginning() -> None:
    said = str(changed("organization", "renew", {"organization": "o" * 81}).error)
    assert f"it was {'o' * 77}...," in said
    assert f"it was {'o' * 80}," in str(changed("organization", "renew", {"organization": "o" * 80}).error)


def linked(**options: bool) -> Planned:
    return planned(validation={"method": "registrar"}, options=options)


def test_a_method_that_a_link_makes_possible_says_what_it_stands_on() -> None:
    assert linked().certificate["method"] == "registrar"
    refused = linked(registrar_linkage=False)
    assert code(refused) == "method_not_allowed" and "options.registrar_linkage is true" in str(refused.error)
    reasons = {one["method"]: one["reasons"] for one in refused.plan["methods"]}
    assert any("registrar_linkage" in reason for reason in reasons["registrar"])
    assert not any("registrar_linkage" in reason for reason in reasons["file"])


def test_mail_is_planned_as_the_link_where_the_item_says_that_there_is_one() -> None:
    mail = by_mail("admin@example.jp")
    assert planned(validation=mail, options={"registrar_linkage": True}).certificate["method"] == "registrar"
    assert planned(validation=mail, options={"registrar_linkage": False}).certificate["method"] == "email"
    assert planned(validation=mail).certificate["method"] == "email"


def test_a_link_that_is_lost_while_the_order_is_open_asks_by_mail() -> None:
    order = {"state": "validating", "method": "registrar"}
    lost = planned(validation={"method": "registrar"}, options={"registrar_linkage": False}, order=order)
    reasons = [one["reasons"] for one in lost.plan["methods"] if one["method"] == "registrar"]
    assert code(lost) is None and "lost while the order is open" in str(reasons)
