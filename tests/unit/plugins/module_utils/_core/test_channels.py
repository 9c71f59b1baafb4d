# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels as they are declared: what is refused, and why."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import read_channels
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector

MAIL = {"host": "smtp.example.jp", "user": "certs", "from": "a@example.jp", "to": ["b@example.jp"]}
PASSWORD = {"password": "long enough"}
HOOK = {"url": "https://hooks.example/services/T0/B0/secretsecret"}


def read(service: str, settings: t.Any, secrets: t.Any, **more: t.Any) -> tuple[list[t.Any], list[str]]:
    errors = InputCollector()
    usual = {"name": "c", "service": service, "settings": settings, "on": ["trouble"], "certificates": ["*"]}
    found = read_channels([{**usual, "language": "en", **more}], {"c": secrets} if secrets else {}, errors)
    return found, [error.why for error in errors.errors]


@pytest.mark.parametrize(
    ("service", "settings", "secrets", "more", "why"),
    [
        ("smtp", {**MAIL, "host": None}, PASSWORD, {}, "settings.host"),
        ("smtp", {**MAIL, "host": "a b"}, PASSWORD, {}, "settings.host"),
        ("smtp", {**MAIL, "tls": "off"}, PASSWORD, {}, "settings.tls"),
        ("smtp", {**MAIL, "tls": "none"}, PASSWORD, {}, "loopback only"),
        ("smtp", {**MAIL, "port": 0}, PASSWORD, {}, "settings.port"),
        ("smtp", {**MAIL, "port": True}, PASSWORD, {}, "settings.port"),
        ("smtp", {**MAIL, "from": None}, PASSWORD, {}, "settings.from"),
        ("smtp", {**MAIL, "from": "a@example.jp\r\nBcc: x@example.jp"}, PASSWORD, {}, "settings.from"),
        ("smtp", {**MAIL, "from": "山@example.jp"}, PASSWORD, {}, "settings.from"),
        ("smtp", {**MAIL, "to": []}, PASSWORD, {}, "settings.to"),
        ("smtp", {**MAIL, "to": ["b@example.jp>, <c@example.jp"]}, PASSWORD, {}, "settings.to"),
        ("smtp", {**MAIL, "to": [1]}, PASSWORD, {}, "settings.to"),
        ("smtp", {**MAIL, "to": ["b@example.jp"] * 2}, PASSWORD, {}, "twice"),
        ("smtp", {**MAIL, "to": [f"b{number}@example.jp" for number in range(51)]}, PASSWORD, {}, "50 at most"),
        ("smtp", MAIL, {}, {}, "together"),
        ("smtp", {**MAIL, "user": None}, PASSWORD, {}, "together"),
        ("smtp", MAIL, {"password": "short"}, {}, "secrets.password"),
        ("smtp", MAIL, {"password": "long enough\r\nRSET"}, {}, "secrets.password"),
        ("smtp", MAIL, {**PASSWORD, "url": HOOK["url"]}, {}, "secrets.url is unknown"),
        ("smtp", {**MAIL, "ca_bundle": "ca.pem"}, PASSWORD, {}, "absolute"),
        ("smtp", {**MAIL, "verify": False}, PASSWORD, {}, "settings.verify is unknown"),
        ("webhook", {}, {}, {}, "URL is needed"),
        ("webhook", {"url": HOOK["url"]}, HOOK, {}, "URL is needed"),
        ("webhook", {"url": "http://hooks.example/x"}, {}, {}, "only https"),
        ("webhook", {"url": "ftp://hooks.example/x"}, {}, {}, "only https"),
        ("webhook", {"url": "https://user:pw@hooks.example/x"}, {}, {}, "a user"),
        ("webhook", {"url": "https://hooks.example/x\r\nHost: y"}, {}, {}, "characters"),
        ("webhook", {"url": "https://[::1"}, {}, {}, "it is none"),
        ("webhook", {"url": "https:///x"}, {}, {}, "names no host"),
        ("webhook", {"body": "xml"}, HOOK, {}, "settings.body"),
        ("webhook", {}, {**HOOK, "signing_key": "short"}, {}, "secrets.signing_key"),
        ("webhook", {}, {**HOOK, "token": "with\nnewline"}, {}, "secrets.token"),
        ("webhook", {}, HOOK, {"name": "a b"}, "name must be"),
        ("webhook", {}, HOOK, {"name": "x" * 65}, "name must be"),
        ("webhook", {}, HOOK, {"certificates": [""]}, "certificates"),
    ],
)
def test_what_cannot_be_right_is_refused(service: str, settings: t.Any, secrets: t.Any, more: t.Any, why: str) -> None:
    found, reasons = read(service, settings, secrets, **more)
    assert any(why in reason for reason in reasons), reasons
    assert found == []
    assert not any("secretsecret" in reason or "long enough" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("tls", "port", "given"),
    [(None, 587, None), ("implicit", 465, None), ("starttls", 587, None), ("implicit", 2465, 2465)],
)
def test_mail_has_the_ports_of_its_tls(tls: str | None, port: int, given: int | None) -> None:
    more = {key: value for key, value in (("tls", tls), ("port", given)) if value is not None}
    (channel,), reasons = read("smtp", {**MAIL, **more}, PASSWORD)
    assert reasons == [] and channel.settings["port"] == port and channel.where == f"smtp.example.jp:{port}"


def test_plain_is_for_loopback() -> None:
    mail, hook = {**MAIL, "host": "127.0.0.1", "tls": "none"}, {"url": "http://127.0.0.1:8080/x"}
    assert read("smtp", mail, PASSWORD)[1] == [] and read("webhook", hook, {})[1] == []


def test_a_url_is_a_secret_in_all_its_parts() -> None:
    (channel,), _reasons = read("webhook", {}, {"url": "https://h.example/hooks/verylongpart?sig=signature1"})
    assert {"verylongpart", "sig=signature1"} <= set(channel.hidden) and channel.where == "h.example"
    assert "verylongpart" not in repr(channel)


def test_secrets_of_no_channel_are_told() -> None:
    errors = InputCollector()
    read_channels([], {"ghost": {"password": "x"}}, errors)
    assert [error.code for error in errors.errors] == ["bad_channel"] and "ghost" in errors.errors[0].sentence()


def test_what_is_just_possible_is_taken() -> None:
    recipients = [f"b{number}@example.jp" for number in range(50)]
    for more in ({"port": 1}, {"port": 65535}, {"to": recipients}, {"user": "u" * 254}, {"host": "h" * 254}):
        found, reasons = read("smtp", {**MAIL, **more}, PASSWORD)
        assert reasons == []
        assert len(found) == 1
    for settings, why in (
        ({"port": 65536}, "settings.port"),
        ({"user": "u" * 255}, "settings.user"),
        ({"user": ""}, "user"),
    ):
        assert [why in one for one in read("smtp", {**MAIL, **settings}, PASSWORD)[1]] == [True]
    assert read("webhook", {}, {**HOOK, "token": "12345678"}, certificates=["y" * 200])[1] == []
    assert len(read("webhook", {}, HOOK, certificates=["y" * 201])[1]) == 1


def test_a_channel_is_told_by_its_number_and_name() -> None:
    errors = InputCollector()
    usual = {"service": "webhook", "settings": {}, "on": [], "certificates": ["*"], "language": "en"}
    read_channels([{"name": "a", **usual}, {"name": "a", **usual}], {"a": HOOK}, errors)
    assert [(one.code, one.where, one.why) for one in errors.errors] == [
        ("bad_channel", 'channels, item 2 "a"', "two channels have this name")
    ]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"from": None}, "settings.from is needed, a mail address"),
        ({"from": "山@example.jp"}, "settings.from '山@example.jp': "),
        ({"to": "b c"}, "settings.to 'b c': "),
        ({"to": [1]}, "settings.to is needed, a mail address"),
        ({"to": ["a" * 81]}, f"settings.to '{'a' * 80}… (1 more characters)': "),
        ({"to": ["a" * 80]}, f"settings.to '{'a' * 80}': "),
    ],
    ids=str,
)
def test_an_address_that_is_none_is_told_with_its_field(settings: dict[str, t.Any], why: str) -> None:
    (reason,) = read("smtp", {**MAIL, **settings}, PASSWORD)[1]
    assert reason.startswith(why)


@pytest.mark.parametrize(("name", "shown"), [("g" * 80, "g" * 80), ("g" * 81, f"{'g' * 80}… (1 more characters)")])
def test_a_name_of_secrets_that_no_channel_has_is_shown_by_its_beginning(name: str, shown: str) -> None:
    errors = InputCollector()
    read_channels([], {name: {"password": "x"}}, errors)
    (error,) = errors.errors
    assert (error.where, error.why) == (f'secrets "{shown}"', "there is no channel of this name")
