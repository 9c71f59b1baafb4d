# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails: which mail is about which order, and what speaks against it."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.inkan.tls.plugins.modules import approval_mails
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.mailroom import LINK, Mailroom, letter

ITEM_KEYS = set("name changed outcome state error order reference dns_names waits mails procedure".split())


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    made = Mailroom(tmp_path)
    made.order()
    return made


def test_a_mail_about_an_open_order_is_found_and_told_without_its_link(room: Mailroom) -> None:
    room.deliver(letter())
    result = room.play()
    (data,) = [one.as_data() for one in result.items]
    assert (data["outcome"], data["waits"], data["changed"]) == ("mail_found", True, False)
    (mail,) = data["mails"]
    assert (mail["profile"], mail["domain"], mail["code"]) == ("digicert-here", "shop.example.jp", None)
    assert mail["link"] == "https://approve.digicert.example/…"
    assert "0123456789abcdef" not in json.dumps(data) and LINK not in json.dumps(data)
    assert room.web.asked == [] and list((room.folder / "cur").iterdir()) == []
    assert (result.extra["mails_read"], result.extra["other_mails"], result.extra["strangers"]) == (1, [], 0)


def test_the_documented_keys_are_those_returned(room: Mailroom) -> None:
    room.deliver(letter())
    returned = yaml.safe_load(approval_mails.RETURN)
    assert set(returned["results"]["contains"]) == ITEM_KEYS
    for data in room.look({"name": "shop"}, {"name": "ghost"}):
        assert set(data) == ITEM_KEYS
    assert set(room.play().extra) == set(returned) - {"results"}


def test_results_are_those_of_the_items_in_their_order(room: Mailroom) -> None:
    room.order("blog")
    room.deliver(letter("blog.example.jp", "order-2"))
    told = [(one["name"], one["outcome"]) for one in room.look({"name": "shop"}, {"name": "none"}, {"name": "blog"})]
    assert told == [("shop", "no_mail"), ("none", "not_waiting"), ("blog", "mail_found")]
    assert [one["name"] for one in room.look()] == ["blog", "shop"]


CASES: list[tuple[str, dict[str, t.Any], str, str]] = [
    ("another recipient", {"Delivered_To": "info@shop.example.jp", "To": "info@shop.example.jp"}, "recipient",
     "recipient_other"),
    ("two From headers", {"head": ["From: Evil <evil@evil.example>"]}, "sender", "sender_several"),
    ("a forged sender", {"Authentication_Results": "mx.example.jp; dmarc=fail header.from=digitalcertvalidation.com"},
     "authentication", "authentication_failed"),
    ("results of somebody else", {"Authentication_Results": "mx.evil.example; dmarc=pass"}, "authentication",
     "authentication_missing"),
    ("a host that looks alike", {"link": "https://approve.digicert.example.evil.example/link?t=1"}, "link",
     "link_host_look_alike"),
    ("a user name in the link", {"link": "https://approve.digicert.example@evil.example/link?t=1"}, "link",
     "link_userinfo"),
    ("a port", {"link": "https://approve.digicert.example:8443/link?t=1"}, "link", "link_port"),
    ("no https", {"link": "http://approve.digicert.example/link?t=1"}, "link", "link_not_https"),
    ("the number of another order", {"order": "99887766"}, "order", "order_other"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "check", "code"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_the_first_thing_that_speaks_against_a_mail_is_told(
    room: Mailroom, changes: dict[str, t.Any], check: str, code: str
) -> None:
    room.deliver(letter(**changes))
    result = room.play()
    mails = result.items[0].as_data()["mails"] or result.extra["other_mails"]
    assert [(one["check"], one["code"]) for one in mails] == [(check, code)]
    assert result.items[0].outcome in ("mail_doubtful", "no_mail")


def test_a_mail_about_nothing_of_ours_is_told_apart(room: Mailroom) -> None:
    room.deliver(letter("other.example.com"), letter(From="a@b.example"), letter(Subject="Your invoice"))
    result = room.play()
    assert [one["code"] for one in result.extra["other_mails"]] == ["order_unknown", "mail_unknown"]
    assert result.extra["strangers"] == 1
