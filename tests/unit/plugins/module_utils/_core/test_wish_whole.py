# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word of an item arrives where it belongs, as it was given."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import (
    Asked,
    Contact,
    Key,
    Live,
    OpenOrder,
    Ordered,
    Validation,
    Wish,
    read_wishes,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.wish_deploy import Copy, Deploy, Handshake


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=timezone.utc)


def told(number: int) -> str:
    return f"2026-11-{number:02}T00:00:00Z"


def read(**changes: t.Any) -> Wish:
    errors = InputCollector()
    (wish,) = read_wishes([{"name": "shop", "common_name": "shop.example.jp", **changes}], errors)
    errors.refuse()
    return wish


def codes(**changes: t.Any) -> list[tuple[str, str]]:
    errors = InputCollector()
    read_wishes([{"name": "shop", "common_name": "shop.example.jp", **changes}], errors)
    return [(error.code, error.what) for error in errors.errors]


DEPLOY = {
    "by": "seller",
    "reload": {"pid_file": "/run/x.pid", "signal": "QUIT"},
    "owner": "root",
    "group": "ssl",
    "mode": "0640",
    "copies": [{"path": "/srv/x.pem", "content": "combined", "owner": "web", "group": "www", "mode": "0600"}],
    "post_check": {"argv": ["nginx", "-t"]},
    "handshake": {"address": "::1", "port": 65535, "server_name": "shop.example.jp", "timeout": 600},
}
ORDERED = {
    "product": "jprs-dv",
    "common_name": "old.example.jp",
    "ca_account": "b",
    "method": "file",
    "organization": "one",
    "key_made_by": "seller",
    "deployed_by": "seller",
    "options": {"x": 1},
    "created_at": told(3),
}
WAS = Ordered("jprs-dv", "old.example.jp", "b", "file", "one", "seller", "seller", {"x": 1}, day(3))
LIVE = {
    "not_before": told(1),
    "not_after": told(29),
    "dns_names": ["shop.example.jp"],
    "key_type": "rsa-2048",
    "obtained_at": told(2),
    "serial": "1f",
    "matches": False,
    "suggested_window": {"start": told(20), "end": told(21), "explanation_url": "https://ca.example/why"},
}
SERVED = Live(
    day(1), day(29), ("shop.example.jp",), "rsa-2048", day(2), "1f", False, (day(20), day(21)), "https://ca.example/why"
)


def test_a_whole_item_is_read_whole() -> None:
    wish = read(
        dns_names=["www.example.jp"],
        product="jprs-ov",
        ca_account="a",
        validation={
            "method": "email",
            "contact": {"kind": "txt", "address": "a@example.jp", "exclusive": True},
            "document_root": "/srv/www",
            "hosts": ["ns1"],
            "document_roots": {"www.example.jp": "/srv/other"},
        },
        key={"type": "rsa-4096", "reuse": True, "made_by": "seller"},
        deploy=DEPLOY,
        organization="one",
        subject={"C": "JP"},
        hosts=["web1", "web2"],
        paths={"privkey": "/etc/x.key", "csr": "/etc/x.csr"},
        issued_from="other",
        options={"period": "1y", "www_option": "yes"},
        expires=told(10),
        validated_on=told(11),
        contract_ends=told(12),
        live=LIVE,
        order={"state": "issuing", "reference": "R1", "revoked": ["2f"], "problem": "p", **ORDERED},
        hosts_missing=["web2"],
        previous=ORDERED,
    )
    assert wish == Wish(
        name="shop",
        common_name="shop.example.jp",
        dns_names=("www.example.jp",),
        product="jprs-ov",
        ca_account="a",
        validation=Validation(
            "email",
            Contact("txt", "a@example.jp", True),
            "/srv/www",
            ("ns1",),
            {"www.example.jp": "/srv/other"},
        ),
        key=Key("rsa-4096", True, "seller"),
        deploy=Deploy(
            by="seller",
            reload={"pid_file": "/run/x.pid", "signal": "QUIT"},
            owner="root",
            group="ssl",
            mode="0640",
            copies=(Copy("/srv/x.pem", "combined", "web", "www", "0600"),),
            post_check={"argv": ["nginx", "-t"]},
            handshake=Handshake("::1", 65535, "shop.example.jp", 600),
        ),
        organization="one",
        subject={"C": "JP"},
        hosts=("web1", "web2"),
        paths={"privkey": "/etc/x.key", "csr": "/etc/x.csr"},
        issued_from="other",
        options={"period": "1y", "www_option": True},
        expires=day(10),
        validated_on=day(11),
        contract_ends=day(12),
        live=SERVED,
        order=OpenOrder("issuing", "R1", None, ("2f",), None, "p", WAS, ""),
        hosts_missing=("web2",),
        previous=WAS,
    )
    assert wish.period == "1y"


def test_an_order_that_is_issued_brings_its_certificate() -> None:
    order = read(order={"state": "issued", "cancelled_by_seller": "late", **LIVE}).order
    assert order is not None and order.certificate == SERVED
    assert (order.state, order.reference, order.cancelled_by_seller) == ("issued", None, "late")


@pytest.mark.parametrize("lack", ["not_before", "not_after"])
def test_an_order_without_both_days_has_no_certificate(lack: str) -> None:
    order = read(order={key: value for key, value in LIVE.items() if key != lack}).order
    assert order is not None and order.certificate is None and order.state == "none"


def test_what_a_refused_order_was_made_for_is_known() -> None:
    asked = {
        "ca_account": "a",
        "product": "jprs-dv",
        "method": "email",
        "dns_names": ["a.example.jp", "b.example.jp"],
        "contact": {"kind": "caa", "address": "a@example.jp"},
    }
    order = read(order={"state": "failed", "asked": asked}).order
    names = frozenset({"a.example.jp", "b.example.jp"})
    assert order is not None
    assert order.asked == Asked("a", "jprs-dv", "email", names, ("caa", "a@example.jp"))
    bare = read(order={"state": "failed", "asked": {"product": "x"}}).order
    assert bare is not None and bare.asked == Asked(None, "x", None, frozenset(), None)


def test_a_live_certificate_may_be_told_by_its_days_alone() -> None:
    live = read(live={"not_before": told(1), "not_after": told(29)}).live
    assert live == Live(day(1), day(29), None, None, None, None, True, None, "")


@pytest.mark.parametrize("lack", ["not_before", "not_after"])
def test_a_live_certificate_without_both_days_is_refused(lack: str) -> None:
    live = {key: value for key, value in LIVE.items() if key != lack}
    assert codes(live=live) == [("bad_value", "Cannot read live.not_after")]


@pytest.mark.parametrize(
    "window", [{"start": told(20)}, {"end": told(20)}, {"start": told(20), "end": told(20)}, {}], ids=str
)
def test_a_suggestion_without_a_beginning_before_its_end_is_none(window: dict[str, str]) -> None:
    live = read(live={**LIVE, "suggested_window": window}).live
    assert live is not None and live.suggested is None and live.explained == ""


def test_a_long_explanation_is_cut() -> None:
    window = {"start": told(20), "end": told(21), "explanation_url": "x" * 501}
    live = read(live={**LIVE, "suggested_window": window}).live
    assert live is not None and live.explained == "x" * 500 + "… (1 more characters)"


@pytest.mark.parametrize("kind", ["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"])
def test_every_type_of_key_is_known(kind: str) -> None:
    assert read(key={"type": kind}).key == Key(kind, False, "us")


@pytest.mark.parametrize("kind", ["constructed", "txt", "caa", "soa", "whois"])
def test_every_kind_of_contact_is_known(kind: str) -> None:
    assert read(validation={"contact": {"kind": kind}}).validation.contact == Contact(kind, None, False)


def test_a_contact_without_a_kind_is_constructed() -> None:
    assert read(validation={"contact": {"address": "a@b.jp"}}).validation.contact == Contact("constructed", "a@b.jp")
    assert read(validation={"contact": None}).validation == Validation(None, None, None, (), {})


@pytest.mark.parametrize("flag", ["double_address", "www_option", "same_account", "registrar_linkage"])
def test_the_flags_among_the_options_are_read_as_such(flag: str) -> None:
    assert read(options={flag: "no", "other": "no"}).options == {flag: False, "other": "no"}
    assert codes(options={flag: "perhaps"}) == [("bad_value", f"Cannot read options.{flag}")]


@pytest.mark.parametrize("content", ["privkey", "cert", "chain", "fullchain", "combined"])
def test_every_content_of_a_copy_is_known(content: str) -> None:
    assert read(deploy={"copies": [{"path": "/x", "content": content}]}).deploy.copies == (
        Copy("/x", content, None, None, None),
    )


@pytest.mark.parametrize("signal", ["HUP", "USR1", "USR2", "QUIT", "WINCH", "TERM"])
def test_every_signal_is_known(signal: str) -> None:
    reload = {"pid_file": "/x", "signal": signal}
    assert read(deploy={"reload": reload}).deploy.reload == reload


def test_without_a_signal_a_process_gets_hup() -> None:
    deploy = read(deploy={"reload": {"pid_file": "/x"}}).deploy
    assert deploy.reload == {"pid_file": "/x", "signal": "HUP"}
    assert deploy.handshake == Handshake("127.0.0.1", None, None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "../x"}, [("bad_name", "Cannot read name")]),
        ({"name": None}, [("no_name", "Cannot read name")]),
        ({"common_name": None}, [("no_names", "Cannot read common_name")]),
        ({"subject": "C=JP"}, [("bad_value", "Cannot read subject")]),
        ({"subject": {1: "JP"}}, [("bad_value", "Cannot read subject")]),
        ({"paths": {"csr": "/x"}}, [("bad_value", "Cannot read paths")]),
        ({"paths": {"privkey": "/x"}}, [("bad_value", "Cannot read paths")]),
        ({"deploy": {"handshake": {"timeout": 601}}}, [("bad_value", "Cannot read deploy.handshake.timeout")]),
        ({"deploy": {"handshake": {"port": 65536}}}, [("bad_value", "Cannot read deploy.handshake.port")]),
        ({"deploy": {"post_check": {"argv": []}}}, [("bad_value", "Cannot read deploy.post_check.argv")]),
        ({"deploy": {"post_check": {"argv": ["a\0"]}}}, [("bad_value", "Cannot read deploy.post_check.argv")]),
        ({"deploy": {"reload": {"signal": "HUP"}}}, [("bad_value", "Cannot read deploy.reload")]),
    ],
    ids=str,
)
def test_a_field_that_cannot_be_read_is_told_with_its_code(
    changes: dict[str, t.Any], expected: list[tuple[str, str]]
) -> None:
    assert codes(**changes) == expected
