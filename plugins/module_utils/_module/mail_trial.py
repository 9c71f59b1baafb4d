# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A test mail to each contact before an order, and whether it arrives in the mailbox that is read (CPI-3).

Only where the user asks for it, and never in check mode. A mail carries a word that nobody can guess; only a letter
with that word counts.

This file is private to the collection.
"""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass
from datetime import timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._dns.contact_look import ContactWish
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import (
    MAILBOX_SERVICES,
    open_mailbox,
    settings_errors,
)
from ansible_collections.inkan.tls.plugins.module_utils._mail.sending import (
    SECURITIES,
    Submission,
    send,
    submission_errors,
)

TEST_MAIL_SPEC: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "host": {"type": "str", "required": True},
        "port": {"type": "int", "default": 0},
        "security": {"type": "str", "choices": list(SECURITIES), "default": "starttls"},
        "username": {"type": "str"},
        "sender": {"type": "str", "required": True},
        "ca_bundle": {"type": "path"},
        "wait": {"type": "int", "default": 120},
        "mailbox": {
            "type": "dict",
            "required": True,
            "options": {
                "service": {"type": "str", "choices": list(MAILBOX_SERVICES), "required": True},
                "settings": {"type": "dict", "default": {}},
            },
        },
    },
}
#: of ``secrets``: for the submission, for the mailbox
SECRETS_SPEC: dict[str, t.Any] = {"type": "dict", "default": {}, "no_log": True}

_PAUSE = 2.0
#: clocks of mail servers differ
_SKEW = timedelta(minutes=10)


@dataclass(frozen=True)
class MailTrial:
    submission: Submission
    mailbox: MailboxConfig
    wait: int

    def try_all(self, contacts: t.Sequence[ContactWish], clock: Clock) -> dict[str, Finding]:
        """By address: what went wrong. One mail an address."""
        wishes = {wish.address: wish for wish in contacts}
        words = {address: f"inkan-{secrets.token_hex(16)}" for address in wishes}
        found: dict[str, Finding] = {}
        for address, wish in wishes.items():
            word = words[address]
            try:
                send(self.submission, address, f"Test mail {word}", _TEXT.format(word=word), clock.now())
            except InkanError as error:
                found[address] = Finding("mail_not_sent", wish.about, self.submission.where, error.sentence())
        open_words = {words[address]: address for address in wishes if address not in found}
        why = self._await(open_words, clock)
        for address in open_words.values():
            found[address] = Finding("mail_not_seen", wishes[address].about, f'mailbox "{self.mailbox.name}"', why)
        return found

    def _await(self, open_words: dict[str, str], clock: Clock) -> str:
        """Takes out what arrives; returns why the rest did not."""
        since, ends = clock.now() - _SKEW, clock.monotonic() + self.wait
        why = f"nothing arrived within {self.wait} seconds"
        while open_words:
            try:
                self._read(open_words, since, clock, max(ends - clock.monotonic(), 5.0))
            except InkanError as error:
                why = error.sentence()
                if not error.retryable:
                    break
            left = ends - clock.monotonic()
            if not open_words or left <= 0:
                break
            clock.sleep(min(_PAUSE, left))
        return why

    def _read(self, open_words: dict[str, str], since: t.Any, clock: Clock, seconds: float) -> None:
        with open_mailbox(self.mailbox, clock, deadline=seconds) as mailbox:
            for letter in mailbox.letters(since=since):
                for word in [word for word in open_words if word.encode("ascii") in letter.raw]:
                    del open_words[word]


_TEXT = """This mail was sent to see whether mails to this address arrive, before a certificate is ordered whose
approval is asked for by mail. Nothing has to be done.

{word}
"""


def parse_test_mail(
    raw: t.Mapping[str, t.Any] | None, given: t.Mapping[str, t.Any] | None, errors: InputCollector
) -> MailTrial | None:
    """given: the option ``secrets``, with ``password`` of the submission and ``mailbox``, a dictionary."""
    if raw is None:
        return None
    hidden = given or {}
    submission = Submission(
        host=raw["host"],
        sender=raw["sender"],
        security=raw["security"],
        port=raw["port"] or 0,
        username=raw.get("username") or "",
        password=str(hidden.get("password") or ""),
        ca_bundle=raw.get("ca_bundle"),
    )
    inner = hidden.get("mailbox") if isinstance(hidden.get("mailbox"), t.Mapping) else {}
    box = raw["mailbox"]
    mailbox = MailboxConfig(
        name="test_mail",
        service=box["service"],
        settings=box["settings"] or {},
        secrets={str(key): str(value) for key, value in t.cast("t.Mapping[str, t.Any]", inner).items()},
    )
    reasons = submission_errors(submission)
    why = address_error(submission.sender)
    reasons += [f"sender: {why}"] if why else []
    reasons += [f"mailbox: {reason}" for reason in settings_errors(mailbox)]
    for reason in reasons:
        errors.add(
            "test_mail_settings",
            what="A test mail cannot be sent",
            where="test_mail",
            why=reason,
            todo="Correct the settings, or leave test_mail out",
        )
    return MailTrial(submission, mailbox, max(int(raw["wait"]), 0))
