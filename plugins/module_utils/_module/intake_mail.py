# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that sellers send by mail, for orders at portals that wait for one.

A certificate proves itself: only one with the key of an open order is taken, whoever sent it, and it is judged like one
that a person told. So nothing else of a mail is believed here, least of all its sender; numbers, tokens and approvals
are not looked for. Letters are read, never marked and never moved.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import pem_blocks
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import Intake
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import SELLERS_KEY
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Mailbox
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import Mail, read_mail
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import CertificateReader
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Call
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work
from ansible_collections.inkan.tls.plugins.module_utils._x509.signing import rs256

__all__ = ["with_mailed"]

_MARK = "-----BEGIN CERTIFICATE-----"
_MOST_BYTES = 512 * 1024


def with_mailed(works: t.Sequence[Work], call: Call, reader: CertificateReader, clock: Clock, deadline: float) -> None:
    """Give each work what came for it. A mailbox that cannot be read is the error of those that wait for it."""
    waiting: dict[str, list[Work]] = {}
    for work in works:
        mailbox = _mailbox_of(work, call)
        if mailbox and _waits(work):
            waiting.setdefault(mailbox, []).append(work)
    for name, some in waiting.items():
        since = min(work.order.order.created_at for work in some)
        try:
            with open_mailbox(call.mailboxes[name], clock, deadline=deadline, signer=rs256) as opened:
                _deliver(opened, since, some, reader)
        except InkanError as error:
            for work in some:
                work.intake_error = error


def _mailbox_of(work: Work, call: Call) -> str:
    account = call.accounts.get(work.account)
    name = account.settings.get("mailbox") if account is not None and account.adapter == "portal" else None
    return name if isinstance(name, str) and name in call.mailboxes else ""


def _waits(work: Work) -> bool:
    entry = work.entry
    if entry is None or not entry.is_open or work.then_new or not entry.standing.handle:
        return False
    is_ours = entry.order.public_key_sha256 != SELLERS_KEY and entry.order.method != "brought"
    return is_ours and "certificate" not in entry.standing.taken and not any(i.certificate for i in work.item.intakes)


def _deliver(mailbox: Mailbox, since: datetime, works: t.Sequence[Work], reader: CertificateReader) -> None:
    """The newest of two wins: a seller may have sent a wrong one first."""
    by_key = {work.order.order.public_key_sha256: work for work in works}
    for letter in mailbox.letters(since=since):
        if letter.is_cut or (b"BEGIN" not in letter.raw and b"base64" not in letter.raw.lower()):
            continue
        for key, blocks in _certificates(read_mail(letter), reader):
            work = by_key.get(key)
            if work is not None:
                others = tuple(one for one in work.item.intakes if one.source != "mail")
                intake = Intake(certificate="".join(blocks), source="mail")
                work.item = replace(work.item, intakes=(*others, intake))


def _certificates(mail: Mail, reader: CertificateReader) -> t.Iterator[tuple[str, list[str]]]:
    """Each key that a certificate of the mail has, with all certificates of the mail."""
    blocks: list[str] = []
    for text in (mail.text, *(_text(attachment.content) for attachment in mail.attachments)):
        if _MARK in text:
            try:
                blocks += pem_blocks(text[:_MOST_BYTES])
            except InkanError:
                continue
    for block in blocks:
        try:
            _certificate, _names, key = reader.certificate(Issued(block, ()))
        except InkanError:
            continue
        yield key, blocks


def _text(content: bytes) -> str:
    return content[:_MOST_BYTES].decode("ascii", "replace")
