# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._core.wish_deploy import Handshake


def read(*items: t.Any) -> list[Wish]:
    errors = InputCollector()
    wishes = read_wishes(items, errors)
    errors.refuse()
    return wishes


def refusal(*items: t.Any) -> str:
    with pytest.raises(InputErrors) as caught:
        read(*items)
    return str(caught.value)


def item(**changes: t.Any) -> dict[str, t.Any]:
    return {"name": "shop", "common_name": "shop.example.jp", **changes}


def test_the_smallest_item_has_all_defaults() -> None:
    (wish,) = read(item())
    assert (wish.product, wish.key.type, wish.key.reuse, wish.key.made_by) == ("acme", "ecdsa-p256", False, "us")
    assert (wish.deploy.by, wish.deploy.reload, wish.deploy.handshake) == ("us", None, None)
    assert (wish.live, wish.order, wish.hosts) == (None, None, ())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"dns_name": ["a.example.jp"]}, ("dns_name", 'mean "dns_names"'), id="an unknown key"),
        pytest.param({"validation": {"methd": "dns-01"}}, ("validation.methd", 'mean "method"'), id="an inner key"),
        pytest.param({"key": {"type": "ecdsa-p265"}}, ("key.type", 'mean "ecdsa-p256"'), id="an unknown key type"),
        pytest.param({"key": "rsa-2048"}, ("key", "dictionary"), id="a text for a dictionary"),
        pytest.param({"key": {"reuse": "maybe"}}, ("key.reuse", "true or false"), id="no boolean"),
        pytest.param({"common_name": 5}, ("common_name is 5", "text"), id="a number for a text"),
        pytest.param({"common_name": None}, ("common_name", "needs a name"), id="no name to certify"),
        pytest.param({"dns_names": ["a", 5]}, ("dns_names", "list of texts"), id="a number in a list"),
        pytest.param({"name": "../etc"}, ("name", "safe as a folder name"), id="a name that is no folder name"),
        pytest.param({"name": None}, ("name", "every item needs one"), id="no item name"),
        pytest.param({"deploy": {"mode": 416}}, ("deploy.mode", "Quote it"), id="a mode that YAML made a number"),
        pytest.param({"deploy": {"mode": "0999"}}, ("deploy.mode", "octal"), id="a mode that is not octal"),
        pytest.param(
            {"deploy": {"reload": {"argv": "reload nginx"}}}, ("deploy.reload.argv", "no shell"), id="a shell line"
        ),
        pytest.param({"deploy": {"reload": {"signal": "HUP"}}}, ("deploy.reload", "pid_file"), id="a signal to nobody"),
        pytest.param({"deploy": {"reload": {"pid_file": "run/x"}}}, ("pid_file", "absolute"), id="a relative pid file"),
        pytest.param({"deploy": {"copies": [{"content": "cert"}]}}, ("deploy.copies[0].path",), id="a copy to nowhere"),
        pytest.param({"deploy": {"copies": [{"path": "/a"}]}}, ("deploy.copies[0].content",), id="a copy of nothing"),
        pytest.param({"deploy": {"copies": {}}}, ("deploy.copies", "list"), id="copies that are no list"),
        pytest.param({"deploy": {"handshake": {"port": 0}}}, ("handshake.port", "65535"), id="port 0"),
        pytest.param({"validation": {"document_root": "www"}}, ("document_root", "absolute"), id="a relative folder"),
        pytest.param({"validation": {"contact": {"kind": "phone"}}}, ("contact.kind",), id="an unknown contact"),
        pytest.param({"expires": "soon"}, ("expires", "ISO 8601"), id="no time"),
        pytest.param({"expires": "2026-02-30"}, ("expires",), id="no day of the calendar"),
        pytest.param({"expires": "2026-11-20T00:00:00"}, ("expires", "offset"), id="a time without its zone"),
        pytest.param({"live": {"not_before": "2026-11-20"}}, ("live.not_after",), id="a live certificate without end"),
        pytest.param({"paths": {"csr": "/a.csr"}}, ("paths", "together"), id="a place for one of key and CSR"),
        pytest.param({"options": []}, ("options", "dictionary"), id="options that are no dictionary"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, t.Any], words: tuple[str, ...]) -> None:
    text = refusal(item(**changes))
    for word in words:
        assert word in text
    assert "errors" not in text  # one mistake, one error


def test_all_errors_of_all_items_come_in_one_message() -> None:
    text = refusal(item(foo=1), item(name="b", key={"type": "dsa"}, bar=2), "text", item())
    for word in ("5 errors", 'item "shop"', 'item "b"', "item 3", "foo", "bar", "key.type"):
        assert word in text


def test_two_items_with_one_name_are_refused() -> None:
    text = refusal(item(), item(name="../x"), item())
    assert '2 certificates named "shop"' in text
    assert "items 1, 3" in text
    assert text.startswith("2 errors")


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [
        pytest.param({}, None, id="nothing reloads, nobody is asked"),
        pytest.param({"reload": "nginx"}, Handshake("127.0.0.1", None, None, None), id="a reload asks for a proof"),
        pytest.param({"reload": "nginx", "handshake": False}, None, id="false turns it off"),
        pytest.param({"handshake": True}, Handshake("127.0.0.1", None, None, None), id="true turns it on"),
        pytest.param(
            {"handshake": {"address": "192.0.2.1", "port": 8443, "server_name": "a.jp", "timeout": 5}},
            Handshake("192.0.2.1", 8443, "a.jp", 5),
            id="all of it given",
        ),
    ],
)
def test_the_handshake(deploy: dict[str, t.Any], expected: Handshake | None) -> None:
    (wish,) = read(item(deploy=deploy))
    assert wish.deploy.handshake == expected


def test_what_other_modules_return_is_taken_as_it_is() -> None:
    live = {"generation": 3, "issuer": "x", "not_before": "2026-10-01T00:00:00Z", "not_after": "2026-12-30T00:00:00Z"}
    order = {"state": "deploy_pending", "wanted": {}, "not_before": live["not_before"], "not_after": live["not_after"]}
    (wish,) = read(item(live=live, order=order))
    assert wish.live is not None
    assert wish.order is not None
    assert wish.order.certificate is not None
    assert wish.order.certificate.not_after == wish.live.not_after
    assert wish.live.matches


def test_a_name_that_is_missing_is_told_apart_from_one_that_is_no_text() -> None:
    for changes, code in (({"name": None}, "no_name"), ({"name": 5}, "bad_value")):
        errors = InputCollector()
        (wish,) = read_wishes([item(**changes)], errors)
        assert wish.name == ""
        (error,) = errors.errors
        assert (error.code == "no_name") is (code == "no_name"), error


def test_explicit_paths_are_the_two_and_nothing_else() -> None:
    paths = {"privkey": "/etc/x/key.pem", "csr": "/etc/x/csr.pem"}
    assert read(item(paths=paths))[0].paths == paths
    assert "needed together" in refusal(item(paths={"csr": "/etc/x/csr.pem"}))
    assert "paths.chain" in refusal(item(paths={**paths, "chain": "/etc/x/chain.pem"}))
