# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications in each form: bounded, in two languages, and nothing in them is more than text."""

from __future__ import annotations

import email
import email.policy
import json
import typing as t
from datetime import datetime, timezone
from email.message import EmailMessage

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import KINDS, Event
from ansible_collections.inkan.tls.plugins.module_utils._core.people import CANCEL, Reminder
from ansible_collections.inkan.tls.plugins.module_utils._report.notice_forms import (
    Message,
    mail,
    mrkdwn,
    webhook_body,
)

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
AT = "2026-11-20T00:00:00Z"
BODIES = ("generic", "slack", "teams")


def event(kind: str = "trouble", name: str = "shop", *sentences: str, **words: t.Any) -> Event:
    return Event(kind, name, AT, sentences=sentences, **words)


def hook(body: str = "generic", language: str = "en") -> Channel:
    return Channel("c", "webhook", KINDS, ("*",), language, {"body": body, "url": "https://h.example/x"})


def post_office(language: str = "en") -> Channel:
    settings = {"from": "inkan@example.jp", "to": ["a@example.jp", "b@example.jp"]}
    return Channel("team", "smtp", KINDS, ("*",), language, settings)


def message(*events: Event, number: str = "inkan-1", again: bool = False) -> Message:
    return Message(number, NOW, events or (event(),), again)


def posted(body: str, *events: Event, language: str = "en", again: bool = False) -> t.Any:
    return json.loads(webhook_body(hook(body, language), message(*events, again=again)))


def mailed(*events: Event, language: str = "en", number: str = "inkan-1") -> EmailMessage:
    raw = mail(post_office(language), message(*events, number=number))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")) and b"\n" not in raw.replace(b"\r\n", b"")
    return t.cast(EmailMessage, email.message_from_bytes(raw, policy=email.policy.default))


def texts(value: t.Any, kind: str = "") -> t.Iterator[tuple[str, str]]:
    """Each text of a body, and the type of the object that it stands in."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts(one, f"{value.get('type', kind)}.{key}")
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, kind)
    elif isinstance(value, str):
        yield kind, value


HOSTILE = (
    "<https://evil.example/approve|press here>",
    "<!channel> <@U123> <#C123>",
    "[press](https://evil.example/approve?code=1)",
    "*bold* _slanted_ ~gone~ `code`",
    "**bold** ![x](https://evil.example/x.png) <img src=x onerror=alert(1)>",
    "a\r\nBcc: all@example.jp\r\n\r\nother body",
    "=?utf-8?B?QmNjOiBhbGxAZXhhbXBsZS5qcA==?=",
    "a\u202egnp.approve\u2066x\u2069",
    "\x00\x07\x1b[2J",
    "&lt;!here&gt; &amp;",
    "\ud800",
    "{{ lookup('env', 'HOME') }} ${jndi:x} {{DATE(2014-02-11T09:27:57Z, SHORT)}}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_form_holds_a_link_a_mention_or_what_cannot_be_seen(hostile: str, language: str) -> None:
    news = (
        event("trouble", "shop", hostile, owner=hostile, order=hostile, actor="customer"),
        event("waiting", hostile),
    )
    for body in BODIES:
        for where, text in texts(posted(body, *news, language=language)):
            assert text.replace("\n", "" if where == "mrkdwn.text" else "\n").isprintable(), where
            assert "evil.example" not in text and "javascript" not in text
    said = mailed(*news, language=language)
    assert set(said.keys()) == set(mailed().keys()) and said["Bcc"] is None
    assert said["To"] == "a@example.jp, b@example.jp"
    assert said.get_content_type() == "text/plain" and "evil.example" not in said.get_content()
    assert "\n\nother body" not in said.get_content()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_slack_reads_nothing_into_a_text(hostile: str) -> None:
    body = posted("slack", event("trouble", hostile, hostile))
    sections = [block["text"] for block in body["blocks"] if block["type"] == "section"]
    assert sections and all(text["type"] == "mrkdwn" and text["verbatim"] is True for text in sections)
    for text in (body["text"], *(section["text"] for section in sections)):
        bare = text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
        assert not set("<>&") & set(bare)
    head, _line, rest = sections[0]["text"].partition("\n")
    assert head.count("*") == 2 and head.startswith("*") and head.endswith("*")
    assert all(line.count(mark) < 2 for line in rest.splitlines() for mark in "*_~`")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_teams_reads_no_markdown(hostile: str) -> None:
    """It does so in TextBlock and FactSet only; nothing can be pressed on."""
    body = posted("teams", event("trouble", hostile, hostile))
    content = body["attachments"][0]["content"]
    assert body["type"] == "message" and "actions" not in content
    assert body["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert {one["type"] for one in content["body"]} == {"RichTextBlock"}
    assert {run["type"] for one in content["body"] for run in one["inlines"]} == {"TextRun"}
    assert not any("selectAction" in run for one in content["body"] for run in one["inlines"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a & b", "a &amp; b"),
        ("<x>", "&lt;x&gt;"),
        ("&lt;", "&amp;lt;"),
        ("*.shop.example.jp", "*.shop.example.jp"),
        ("_acme-challenge.x", "_acme-challenge.x"),
        ("*a*", "\u2217a\u2217"),
        ("`a`", "\u02cba\u02cb"),
    ],
)
def test_mrkdwn_is_escaped(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


MANY = tuple(event("waiting", f"c{number}", "x" * 390, owner="o" * 200) for number in range(3000))


def test_however_much_is_told_each_form_keeps_its_bounds() -> None:
    slack = posted("slack", *MANY)
    assert len(slack["blocks"]) <= 50
    assert all(len(text) <= 3000 for _where, text in texts(slack))
    assert any("2954 more" in text for _where, text in texts(slack))
    teams = webhook_body(hook("teams"), message(*MANY))
    assert len(teams) < 28_000 and b"more: see the report" in teams
    generic = posted("generic", *MANY)
    assert len(generic["events"]) == 500 and generic["more"] == 2500
    assert "2500 more" in mailed(*MANY).get_content()


def test_one_event_alone_fits_into_a_card_whatever_it_says() -> None:
    worst = event("trouble", "shop", *("\u202e" * 600 for _one in range(20)))
    assert len(webhook_body(hook("teams"), message(worst))) < 28_000
    (section,) = [one for one in posted("slack", worst)["blocks"] if one["type"] == "section"]
    assert len(section["text"]["text"]) <= 3000


def test_a_mail_says_who_has_to_do_what_by_when() -> None:
    said = mailed(
        event("waiting", "shop", "approve by the mail to certs@example.jp", actor="customer", due=AT, order="4711")
    )
    assert said["Subject"] == "[inkan.tls] shop: waiting for a person"
    assert said.get_content().replace("\r\n", "\n") == (
        "shop: Waiting for a person\n  approve by the mail to certs@example.jp\n  Who: you\n"
        f"  By: {AT}\n  Order: 4711\n\n-- \n"
        "Sent by inkan.tls when something changed. It approves nothing, and holds no links.\n"
    )


def test_a_mail_in_japanese_is_in_japanese() -> None:
    said = mailed(event("waiting", "shop", "approve by the mail to certs@example.jp", actor="customer"), language="ja")
    assert said["Subject"] == "[inkan.tls] shop: 作業待ち"
    assert "certs@example.jp 宛のメールで承認" in said.get_content() and "担当: お客様" in said.get_content()


def test_what_is_urgent_stands_first() -> None:
    said = mailed(event("resolved", "a"), event("waiting", "b"), event("trouble", "c"), event("expiring", "d", level=3))
    assert (
        said["Subject"] == "[inkan.tls] 4 certificates: 1 in trouble, 1 running out, 1 waiting for a person, 1 resolved"
    )
    assert [line[:2] for line in said.get_content().splitlines() if line[1:2] == ":"] == ["c:", "d:", "b:", "a:"]
    assert "The certificate has expired." in said.get_content()


def test_mails_about_one_order_stand_in_one_thread_and_each_has_its_id() -> None:
    first, second = mailed(event(order="4711")), mailed(event("waiting", order="4711"), number="inkan-2")
    other = mailed(event(order="4712"), number="inkan-3")
    assert first["References"] == second["References"] == second["In-Reply-To"] != other["References"]
    assert [one["Message-ID"] for one in (first, second)] == ["<inkan-1@example.jp>", "<inkan-2@example.jp>"]


def test_a_mail_is_the_same_at_each_attempt_and_a_chat_says_that_it_comes_again() -> None:
    """A mail system knows a repetition by its id, the readers of a chat do not."""
    assert mail(post_office(), message()) == mail(post_office(), message(again=True))
    assert posted("generic", again=True) == posted("generic")
    for body in ("slack", "teams"):
        assert "inkan-1" not in json.dumps(posted(body)) and "inkan-1" in json.dumps(posted(body, again=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_kind_has_words(kind: str, language: str) -> None:
    said = mailed(event(kind, serial="ab", not_after=AT), language=language)
    assert said["Subject"].startswith("[inkan.tls] shop: ")
    assert AT in said.get_content()


@pytest.mark.parametrize(
    ("costs", "shown"),
    [
        ("the contract is renewed and charged for another term", "料金"),
        ("the service stays without its certificate", "証明書のない状態"),
        ("the live certificate ends at 2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z です"),
    ],
)
def test_what_being_late_costs_is_said_in_japanese(costs: str, shown: str) -> None:
    said = mailed(event("reminder", "shop", f"ring \\1 up; it is late: {costs}"), language="ja").get_content()
    assert "期限を過ぎています" in said and shown in said and "ring \\1 up" in said


def test_the_costs_are_those_that_reminders_name() -> None:
    now = datetime(2026, 12, 1, tzinfo=timezone.utc)
    words: t.Any = dict.fromkeys(Reminder.__dataclass_fields__, "")
    for changes in ({"kind": CANCEL}, {"lapses": None}, {"lapses": now}):
        costs = Reminder(**{**words, "lapses": now, **changes}).costs
        assert (
            "期限を過ぎています"
            in mailed(event("reminder", "shop", f"it is late: {costs}"), language="ja").get_content()
        )
