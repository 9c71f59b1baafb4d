# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mailbox's settings say of the mail server before it, whatever service reads it.

    settings: {authserv_id: mx.example.jp, received_by: [mail.example.jp]}      or      {microsoft365: true}

This file is private to the collection.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import Border
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig

__all__ = ["border_errors", "border_of", "without_border"]

BORDER_SETTINGS = ("authserv_id", "received_by", "microsoft365")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


def border_errors(config: MailboxConfig) -> list[str]:
    settings, errors = config.settings, []
    name, servers = settings.get("authserv_id"), settings.get("received_by", [])
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        errors.append("settings.authserv_id must be the name at the head of Authentication-Results")
    if not isinstance(servers, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in servers):
        errors.append("settings.received_by must be a list of names of your mail servers")
    if not isinstance(settings.get("microsoft365", False), bool):
        errors.append("settings.microsoft365 must be true or false")
    if settings.get("microsoft365") and name:
        errors.append("settings.authserv_id is of no use with microsoft365, which writes none")
    return errors


def border_of(config: MailboxConfig) -> Border:
    settings = config.settings
    servers = tuple(settings.get("received_by") or ())
    return Border(settings.get("authserv_id") or "", servers, bool(settings.get("microsoft365")))


def without_border(config: MailboxConfig) -> MailboxConfig:
    return replace(config, settings={key: one for key, one in config.settings.items() if key not in BORDER_SETTINGS})
