# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A notification as a mail, as JSON for programs, as blocks for Slack and as a card for Teams.

Each form has its own way in which a text can mean more than it says:

    mail     headers end at a line's end: EmailMessage encodes them, and no control character comes this far; plain text
    Slack    mrkdwn: & < > are entities (links, mentions); ``verbatim`` stops what looks like a channel or a link; marks
             of which a line has two (*bold*) become letters that look alike, as mrkdwn has no way to escape them
    Teams    Markdown in TextBlock and FactSet: foreign text stands in RichTextBlock only, which knows none
    generic  JSON

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.notice_text import fit_to_send
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import Event
from ansible_collections.inkan.tls.plugins.module_utils._report.notice_words import Letter, Paragraph, letter

SCHEMA = 1
#: A message of Slack has 50 blocks, a text 3,000 characters, a header 150 (Block Kit reference).
_SLACK_BLOCKS, _SLACK_TEXT, _SLACK_HEADER = 46, 2900, 150
#: Teams takes messages of about 28 KB.
_TEAMS_BYTES, _TEAMS_LINES = 26_000, 12
_MOST_NEWS = 500
_MOST_THREADS = 10
_CARD = "application/vnd.microsoft.card.adaptive"
_LOOKS_LIKE = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}


class Message(t.NamedTuple):
    """number: the same at each attempt. may_be_again: an attempt before may have arrived."""

    number: str
    at: datetime
    events: tuple[Event, ...]
    may_be_again: bool = False


def webhook_body(channel: Channel, message: Message) -> bytes:
    form = {"generic": _generic, "slack": _slack, "teams": _teams}[channel.settings["body"]]
    return json.dumps(form(channel, message), ensure_ascii=False).encode("utf-8", "backslashreplace")


def _letter(channel: Channel, message: Message, *, with_again: bool = True) -> Letter:
    may_be_again = message.may_be_again and with_again
    return letter(
        message.events, channel.language, number=message.number, may_be_again=may_be_again, secrets=channel.hidden
    )


# -- mail -------------------------------------------------------------------------------------------------------------


def mail(channel: Channel, message: Message) -> bytes:
    """The same bytes at each attempt: mail systems drop what comes twice under one Message-ID."""
    said = _letter(channel, message, with_again=False)
    found = EmailMessage(policy=SMTP)
    sender = channel.settings["from"]
    domain = sender.rpartition("@")[2]
    threads = list(dict.fromkeys(_thread(channel, event, domain) for event in message.events))[:_MOST_THREADS]
    found["From"] = _address(sender)
    found["To"] = tuple(_address(one) for one in channel.settings["to"])
    found["Subject"] = f"[inkan.tls] {said.title}"
    found["Date"] = format_datetime(message.at)
    found["Message-ID"] = f"<{message.number}@{domain}>"
    found["In-Reply-To"] = threads[0]
    found["References"] = " ".join(threads)
    found["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told to us
    found["X-Auto-Response-Suppress"] = "All"  # Exchange's word for it
    found.set_content(mail_text(said), cte="base64" if channel.language == "ja" else "quoted-printable")
    return found.as_bytes()


def mail_text(said: Letter) -> str:
    shown = said.paragraphs[:_MOST_NEWS]
    blocks = [_block(one) for one in shown]
    left = len(said.paragraphs) - len(shown)
    blocks += [said.more.format(left)] if left else []
    return "\n\n".join([*blocks, f"-- \n{said.foot}"]) + "\n"


def _block(one: Paragraph) -> str:
    return "\n".join([f"{one.name}: {one.head}", *(f"  {line}" for line in one.lines)])


def _thread(channel: Channel, event: Event, domain: str) -> str:
    """All that is told of one order stands together; without one, all that is told of one certificate."""
    digest = hashlib.sha256(
        "\0".join((channel.name, event.name, event.order or "")).encode("utf-8", "backslashreplace")
    ).hexdigest()
    return f"<thread-{digest[:32]}@{domain}>"


def _address(text: str) -> Address:
    local, _at, domain = text.rpartition("@")
    return Address(username=local, domain=domain)


# -- JSON -------------------------------------------------------------------------------------------------------------


def _generic(channel: Channel, message: Message) -> dict[str, t.Any]:
    said = _letter(channel, message, with_again=False)
    shown = message.events[:_MOST_NEWS]
    return {
        "schema": SCHEMA,
        "id": message.number,
        "at": message.at.replace(tzinfo=None, microsecond=0).isoformat() + "Z",
        "channel": channel.name,
        "title": said.title,
        "events": [_event(event, channel) for event in shown],
        "more": len(message.events) - len(shown),
    }


def _event(event: Event, channel: Channel) -> dict[str, t.Any]:
    keep = (event.serial, event.order, event.name)

    def fit(text: str | None) -> str | None:
        return fit_to_send(text, channel.hidden, keep=keep) if text else None

    return {
        "kind": event.kind,
        "certificate": fit(event.name),
        "at": event.at,
        "before": event.before,
        "sentences": [fit(sentence) for sentence in event.sentences],
        "actor": event.actor,
        "owner": fit(event.owner),
        "due": event.due,
        "order": fit(event.order),
        "serial": fit(event.serial),
        "not_after": event.not_after,
    }


# -- Slack ------------------------------------------------------------------------------------------------------------


def _slack(channel: Channel, message: Message) -> dict[str, t.Any]:
    said = _letter(channel, message)
    shown = said.paragraphs[:_SLACK_BLOCKS]
    left = len(said.paragraphs) - len(shown)
    blocks: list[dict[str, t.Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": said.title[:_SLACK_HEADER], "emoji": False}}
    ]
    blocks += [{"type": "section", "text": _mrkdwn(_slack_section(one))} for one in shown]
    blocks += [{"type": "context", "elements": [_mrkdwn(mrkdwn(said.more.format(left)))]}] if left else []
    foot = " ".join(one for one in (said.again, said.foot) if one)
    blocks.append({"type": "context", "elements": [_mrkdwn(mrkdwn(foot))]})
    return {"text": mrkdwn(said.title), "unfurl_links": False, "unfurl_media": False, "blocks": blocks}


def _mrkdwn(text: str) -> dict[str, t.Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _slack_section(one: Paragraph) -> str:
    """Cut between lines, not within one: half an entity would be shown as it is."""
    lines = [f"*{mrkdwn(one.name, all_marks=True)}: {mrkdwn(one.head, all_marks=True)}*", *map(mrkdwn, one.lines)]
    found = lines[0]
    for line in lines[1:]:
        if len(found) + 1 + len(line) > _SLACK_TEXT:
            break
        found += "\n" + line
    return found


def mrkdwn(text: str, *, all_marks: bool = False) -> str:
    """all_marks: also those that stand alone, as the text is put between two of ours."""
    for mark, look in _LOOKS_LIKE.items():
        if all_marks or text.count(mark) > 1:
            text = text.replace(mark, look)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# -- Teams ------------------------------------------------------------------------------------------------------------


def _teams(channel: Channel, message: Message) -> dict[str, t.Any]:
    """As many as fit: a card that is too large is not shown at all."""
    said = _letter(channel, message)
    most = len(said.paragraphs)
    while True:
        card = _card(said, most)
        if most <= 1 or len(json.dumps(card, ensure_ascii=False).encode("utf-8", "backslashreplace")) <= _TEAMS_BYTES:
            return card
        most = most * 3 // 4


def _card(said: Letter, most: int) -> dict[str, t.Any]:
    left = len(said.paragraphs) - most
    body = [_rich(_run(said.title, size="Large", weight="Bolder"))]
    for one in said.paragraphs[:most]:
        body.append(_rich(_run(f"{one.name}: {one.head}", weight="Bolder"), spacing="Medium"))
        body += [_rich(_run(line), spacing="None") for line in one.lines[:_TEAMS_LINES]]
    body += [_rich(_run(said.more.format(left)))] if left else []
    foot = " ".join(one for one in (said.again, said.foot) if one)
    body.append(_rich(_run(foot, size="Small", isSubtle=True), spacing="Medium"))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": content}]}


def _run(text: str, **look: t.Any) -> dict[str, t.Any]:
    return {"type": "TextRun", "text": text, **look}


def _rich(run: dict[str, t.Any], **look: t.Any) -> dict[str, t.Any]:
    return {"type": "RichTextBlock", "inlines": [run], **look}
