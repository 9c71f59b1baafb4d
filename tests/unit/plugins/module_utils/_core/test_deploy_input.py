# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mistake in the options is told at once, before anything is done."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import ByCommand, ByName, BySignal, Look, Standing
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy_input import read_now, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector, InputErrors

STORE = "/etc/inkan-tls"


def read(*items: dict[str, t.Any], state: str = "prepare", check_mode: bool = False) -> t.Any:
    errors = InputCollector()
    wishes = read_wishes(items, state, STORE, check_mode, errors)
    errors.refuse()
    return wishes


def deploy(**raw: t.Any) -> t.Any:
    return read({"name": "shop", "deploy": raw})[0].deploy


def refused(*items: dict[str, t.Any], **more: t.Any) -> InputErrors:
    with pytest.raises(InputErrors) as caught:
        read(*items, **more)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "reload"),
    [
        (None, None),
        ("", None),
        ("nginx", ByName("nginx")),
        ("postfix@-.service", ByName("postfix@-.service")),
        ({"argv": ["nginx", "-s", "reload"]}, ByCommand(("nginx", "-s", "reload"))),
        ({"pid_file": "/run/x.pid"}, BySignal("/run/x.pid", "HUP")),
        ({"pid_file": "/run/x.pid", "signal": "SIGUSR1"}, BySignal("/run/x.pid", "USR1")),
        ({"pid_file": "/run/x.pid", "signal": "hup"}, BySignal("/run/x.pid", "HUP")),
    ],
)
def test_the_shapes_of_a_reload(raw: t.Any, reload: t.Any) -> None:
    assert deploy(reload=raw).reload == reload


@pytest.mark.parametrize(
    "raw",
    [
        "--now",
        "nginx; rm -rf /",
        "nginx reload",
        ["nginx", "-s", "reload"],
        {},
        {"argv": []},
        {"argv": "nginx -s reload"},
        {"argv": ["a\0b"]},
        {"argv": ["true"], "shell": True},
        {"pid_file": "x.pid"},
        {"pid_file": "/run/../etc/x.pid"},
        {"pid_file": "/run/x.pid", "signal": "KILL"},
        {"signal": "HUP"},
        True,
    ],
    ids=repr,
)
def test_what_has_no_shape_of_a_reload_is_refused(raw: t.Any) -> None:
    errors = refused({"name": "shop", "deploy": {"reload": raw}}).errors
    assert all("reload" in error.what and "shop" in error.where for error in errors)


def test_a_copy_inherits_owner_group_and_the_mode_for_keys() -> None:
    copies = [
        {"path": "/srv/key.pem", "content": "privkey"},
        {"path": "/srv/cert.pem", "content": "fullchain"},
        {"path": "/srv/own.pem", "content": "combined", "owner": "haproxy", "mode": "0400"},
    ]
    found = deploy(owner="root", group="ssl-cert", mode="0640", copies=copies)
    assert found.access == Standing("root", "ssl-cert", 0o640)
    assert [copy.standing for copy in found.copies] == [
        Standing("root", "ssl-cert", 0o640),
        Standing("root", "ssl-cert", 0o644),
        Standing("haproxy", "ssl-cert", 0o400),
    ]


def test_without_owner_group_and_mode_the_store_stays_private() -> None:
    found = deploy(copies=[{"path": "/srv/key.pem", "content": "privkey"}])
    assert found.access is None
    assert found.copies[0].standing == Standing(None, None, 0o600)


@pytest.mark.parametrize("mode", ["0640", "640", 0o640])
def test_a_mode_is_octal(mode: t.Any) -> None:
    assert deploy(mode=mode).access.mode == 0o640


@pytest.mark.parametrize("mode", ["0644", "0777", "0604", "0040", "u=rw", "0o", 640, "99"], ids=repr)
def test_a_mode_that_opens_a_key_to_all_or_is_none_is_refused(mode: t.Any) -> None:
    assert refused({"name": "shop", "deploy": {"mode": mode}}).errors[0].code == "bad_mode"


@pytest.mark.parametrize(
    "path", ["relative.pem", "/srv/../etc/key", "/srv//key", "/", "/srv/key\n", f"{STORE}/shop/live/x"]
)
def test_a_copy_has_a_plain_path_outside_the_store(path: str) -> None:
    assert refused({"name": "shop", "deploy": {"copies": [{"path": path, "content": "cert"}]}})


def test_the_handshake_as_it_is_given() -> None:
    raw = {"address": "::1", "port": 8443, "server_name": "shop.example.jp", "timeout": 3.5}
    assert deploy(handshake=raw).look == Look("::1", 8443, "shop.example.jp", 3.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": ""},
        {"port": 70000},
        {"timeout": -1},
        {"timeout": 10_000},
        {"server_name": "*.example.jp"},
        {"server_name": "a b"},
    ],
    ids=repr,
)
def test_a_handshake_that_cannot_be_made_is_refused(wrong: dict[str, t.Any]) -> None:
    raw = {"address": "127.0.0.1", "port": 443, "server_name": None, "timeout": 10, **wrong}
    assert refused({"name": "shop", "deploy": {"handshake": raw}})


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "../etc"}, "bad_name"),
        ({"name": ".hidden"}, "bad_name"),
        ({"public_key_sha256": "AB" * 32}, "bad_value"),
        ({"sealed_key": "no base64!"}, "bad_value"),
        ({"sealed_key": "A" * 40_000}, "bad_value"),
        ({"dns_names": ["Shop.example.jp"]}, "bad_dns_name"),
        ({"to_serial": "3A:5F"}, "bad_value"),
        ({"deploy": {"post_check": {"shell": "true"}}}, "bad_post_check"),
        ({"deploy": {"owner": "root; id"}}, "bad_value"),
        ({"deploy": {"by": "seller"}}, "deployed_by_seller"),
    ],
    ids=repr,
)
def test_a_value_that_cannot_be_is_refused(wrong: dict[str, t.Any], code: str) -> None:
    assert [error.code for error in refused({"name": "shop", **wrong}).errors] == [code]


@pytest.mark.parametrize("state", ["verify", "switch"])
def test_the_certificate_is_needed(state: str) -> None:
    assert refused({"name": "shop"}, state=state).errors[0].code == "missing_value"
    assert read({"name": "shop", "certificate": "known_after_order"}, state=state, check_mode=True)
    assert refused({"name": "shop", "certificate": "known_after_order"}, state=state)


def test_two_items_with_one_name_or_one_path_are_refused_with_all_other_mistakes() -> None:
    copies = [{"path": "/srv/key.pem", "content": "privkey"}]
    one, other = (
        {"name": "shop", "deploy": {"copies": copies}},
        {"name": "blog", "deploy": {"copies": copies, "reload": 1}},
    )
    errors = refused(one, one, other)
    assert [error.code for error in errors.errors] == ["bad_reload", "duplicate_name", "duplicate_path"]
    assert "nothing was done" in errors.sentence()
    assert all(error.todo for error in errors.errors)


@pytest.mark.parametrize(
    ("address", "text", "codes"),
    [
        ("127.0.0.1", "2026-11-20T00:00:00Z", []),
        ("::1", "2026-11-20T00:00:00Z", []),
        ("192.0.2.1", "2026-11-20T00:00:00Z", ["clock_moved"]),
        ("www.example.jp", "2026-11-20T00:00:00Z", ["clock_moved"]),
        ("127.0.0.1", "tomorrow", ["bad_value"]),
        ("192.0.2.1", None, []),
    ],
)
def test_a_moved_clock_is_for_loopback(address: str, text: str | None, codes: list[str]) -> None:
    errors = InputCollector()
    wishes = read({"name": "shop", "deploy": {"handshake": {"address": address}}})
    now = read_now(text, wishes, errors)
    assert [error.code for error in errors.errors] == codes
    assert (now is not None) == (text is not None and not codes) or codes == ["clock_moved"]


LOOK = {"address": "::1"}
COPY = {"path": "/srv/x.pem", "content": "fullchain"}


@pytest.mark.parametrize(
    ("raw", "option"),
    [
        ({"handshake": {**LOOK, "port": 65536}}, "deploy.handshake.port"),
        ({"handshake": {**LOOK, "port": -1}}, "deploy.handshake.port"),
        ({"handshake": {**LOOK, "timeout": -1}}, "deploy.handshake.timeout"),
        ({"handshake": {"port": 1}}, "deploy.handshake.address"),
        ({"handshake": {**LOOK, "server_name": "*.example.jp"}}, "deploy.handshake.server_name"),
        ({"copies": [{**COPY, "path": STORE}]}, "deploy.copies.path"),
        ({"copies": [{**COPY, "path": f"{STORE}/x"}]}, "deploy.copies.path"),
        ({"copies": [{**COPY, "path": "/srv//x"}]}, "deploy.copies.path"),
        ({"copies": [{**COPY, "mode": "0666"}]}, "mode of /srv/x.pem"),
        ({"copies": [{**COPY, "owner": "a b"}]}, "owner of a copy"),
        ({"copies": [{**COPY, "group": "a b"}]}, "group of a copy"),
        ({"owner": "a b"}, "deploy.owner"),
        ({"group": "a b"}, "deploy.group"),
        ({"mode": "0666"}, "deploy.mode"),
        ({"reload": "nginx reload"}, "deploy.reload"),
        ({"reload": {"argv": []}}, "deploy.reload.argv"),
        ({"reload": {"pid_file": "x"}}, "deploy.reload.pid_file"),
        ({"reload": {"pid_file": "/x", "signal": "KILL"}}, "deploy.reload.signal"),
        ({"post_check": {"argv": [""]}}, "deploy.post_check.argv"),
        ({"post_check": ["x"]}, "deploy.post_check"),
        ({"by": "seller"}, "deploy.by"),
    ],
)
def test_a_mistake_names_its_option(raw: dict[str, t.Any], option: str) -> None:
    (error,) = refused({"name": "shop", "deploy": raw}).errors
    assert error.what == f"Cannot use the option {option}"


def test_the_bounds_of_a_handshake() -> None:
    least = deploy(handshake={**LOOK, "port": 1, "timeout": 0.5}).look
    assert (least.port, least.timeout) == (1, 0.5)
    assert deploy(handshake={**LOOK, "port": 65535}).look == Look("::1", 65535, None, 10.0)
    assert deploy(handshake=LOOK).look == Look("::1", 443, None, 10.0)


def test_a_copy_may_lie_beside_the_store() -> None:
    assert deploy(copies=[{**COPY, "path": f"{STORE}-copies/x"}]).copies[0].path == f"{STORE}-copies/x"


def test_what_is_given_twice_is_told_with_its_option() -> None:
    copies = [{**COPY, "path": "/srv/twice.pem"}]
    twice = {"name": "shop", "deploy": {"copies": copies}}
    name, path = refused(twice, twice).errors
    assert (name.what, name.code, name.where) == ("Cannot use the option name", "duplicate_name", "item 'shop'")
    assert name.why == "2 items have this name"
    assert (path.what, path.where) == ("Cannot use the option deploy.copies", "path /srv/twice.pem")


def test_a_name_that_is_no_folder_is_told_with_its_code() -> None:
    (error,) = refused({"name": "../shop"}).errors
    assert (error.what, error.code) == ("Cannot use the option name", "bad_name")


@pytest.mark.parametrize(
    ("option", "value"),
    [("public_key_sha256", "AB"), ("sealed_key", "*"), ("to_serial", "0x1"), ("dns_names", ["Example.jp"])],
    ids=str,
)
def test_a_value_of_the_certificate_that_cannot_be_names_its_option(option: str, value: t.Any) -> None:
    (error,) = refused({"name": "shop", option: value}).errors
    assert error.what == f"Cannot use the option {option}" and error.todo


def test_what_is_known_of_the_certificate_is_taken_as_it_is() -> None:
    digest = "0" * 64
    (wish,) = read({"name": "shop", "public_key_sha256": digest, "to_serial": "1f", "dns_names": ["a.example.jp"]})
    assert (wish.public_key_sha256, wish.to_serial, wish.dns_names) == (digest, "1f", ("a.example.jp",))
    assert read({"name": "shop"})[0].dns_names == ()


def test_a_digest_that_only_the_order_tells_is_refused_outside_check_mode() -> None:
    known = {"name": "shop", "public_key_sha256": "known_after_order"}
    assert read(known, check_mode=True)[0].public_key_sha256 is None
    (error,) = refused(known).errors
    assert error.what == "Cannot use the option public_key_sha256"


@pytest.mark.parametrize(
    ("content", "most", "too_open"), [("privkey", 0o660, "0664"), ("fullchain", 0o664, "0666")], ids=str
)
def test_a_copy_is_as_open_as_its_content_allows(content: str, most: int, too_open: str) -> None:
    copy = {"path": "/srv/x.pem", "content": content}
    assert deploy(copies=[{**copy, "mode": f"{most:04o}"}]).copies[0].standing.mode == most
    assert [error.code for error in refused({"name": "x", "deploy": {"copies": [{**copy, "mode": too_open}]}}).errors]


def test_a_mode_may_be_written_with_an_o_and_must_let_its_owner_read() -> None:
    assert deploy(mode="0o400").access.mode == 0o400
    (error,) = refused({"name": "shop", "deploy": {"mode": "0200"}}).errors
    assert (error.what, error.code) == ("Cannot use the option deploy.mode", "bad_mode")


def test_a_reload_without_a_shape_and_a_path_that_is_relative_name_their_options() -> None:
    (shape,) = refused({"name": "shop", "deploy": {"reload": {"argv": ["x"], "pid_file": "/x"}}}).errors
    assert (shape.what, shape.code) == ("Cannot use the option deploy.reload", "bad_reload")
    (path,) = refused({"name": "shop", "deploy": {"copies": [{**COPY, "path": "srv/x"}]}}).errors
    assert (path.what, path.code) == ("Cannot use the option deploy.copies.path", "bad_path")


def test_a_store_path_may_end_with_a_slash() -> None:
    errors = InputCollector()
    read_wishes(
        [{"name": "x", "deploy": {"copies": [{**COPY, "path": f"{STORE}/y"}]}}], "prepare", f"{STORE}/", False, errors
    )
    with pytest.raises(InputErrors, match="lies in the store"):
        errors.refuse()


@pytest.mark.parametrize("mode", ["o640", "0o640", "0640"])
def test_an_o_may_stand_with_or_without_a_nought(mode: str) -> None:
    assert deploy(mode=mode).access.mode == 0o640


@pytest.mark.parametrize("option", ["public_key_sha256", "sealed_key"])
def test_check_mode_takes_what_only_the_order_tells_and_nothing_else(option: str) -> None:
    (wish,) = read({"name": "shop", option: "known_after_order"}, check_mode=True)
    assert (wish.public_key_sha256, wish.sealed_key) == (None, None)
    for value, check_mode in (("*", True), ("known_after_order", False)):
        (error,) = refused({"name": "shop", option: value}, check_mode=check_mode).errors
        assert error.what == f"Cannot use the option {option}"


def test_a_command_that_cannot_be_is_none_until_it_is_refused() -> None:
    errors = InputCollector()
    (wish,) = read_wishes([{"name": "shop", "deploy": {"reload": {"argv": []}}}], "prepare", STORE, False, errors)
    assert [error.what for error in errors.errors][-1:] == ["Cannot use the option deploy.reload.argv"]
    assert wish.deploy.reload == ByCommand(())


def test_a_command_has_up_to_two_hundred_words() -> None:
    assert deploy(post_check={"argv": ["x"] * 200}).post_check == ("x",) * 200
    for argv in (["x"] * 201, [], "x", [""], ["x", "a\0b"]):
        (error,) = refused({"name": "shop", "deploy": {"reload": {"argv": argv}}}).errors
        assert error.what == "Cannot use the option deploy.reload.argv"
