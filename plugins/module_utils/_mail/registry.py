# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kinds of mailbox there are.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._mail import imap, maildir
from ansible_collections.inkan.tls.plugins.module_utils._mail.border import border_errors, without_border
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Mailbox, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.oauth import Signer, with_token

__all__ = ["MAILBOX_SERVICES", "open_mailbox", "settings_errors"]

#: The words of ``service`` in inkan_mailboxes.
MAILBOX_SERVICES = ("imap", "maildir")

_ERRORS = {"imap": imap.settings_errors, "maildir": maildir.settings_errors}


def settings_errors(config: MailboxConfig) -> list[str]:
    """Every wrong or missing setting at once (pure, before any effect)."""
    if config.service not in _ERRORS:
        return [f"service must be one of {', '.join(MAILBOX_SERVICES)}"]
    return _ERRORS[config.service](without_border(config)) + border_errors(config)


def open_mailbox(
    config: MailboxConfig,
    clock: Clock,
    *,
    deadline: float,
    signer: Signer | None = None,
    http: HttpClient | None = None,
) -> Mailbox:
    """A context manager, not yet entered. deadline: seconds from now for all that is read. signer, http: what an access
    token is fetched with, where the settings say oauth2."""
    if config.service == "maildir":
        return maildir.Maildir(config)
    until = clock.monotonic() + deadline
    known = with_token(config, http or DirectHttp(), clock, signer, deadline)
    return imap.ImapMailbox(known, clock, deadline=until - clock.monotonic())
