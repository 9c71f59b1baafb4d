# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mailbox, looked at again and again: which mails are new, by their ids alone.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import State
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import id_of
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import open_mailbox, settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_ledger_path
from ansible_collections.inkan.tls.plugins.module_utils._module.watching import Event, read_arguments, read_delay

#: a mail may be put into its folder later than it was received: by a filter, or a slow server
_OVERLAP = timedelta(hours=1)
#: seconds for one look
_DEADLINE = 60.0


class Mails:
    """Those that are new since the last look."""

    def __init__(self, args: t.Mapping[str, t.Any]) -> None:
        errors = InputCollector()
        fields = read_arguments(args, "mailbox", errors)
        self.delay = read_delay(fields)
        self._clock = SystemClock()
        self._since = self._clock.now() - timedelta(hours=fields.number("look_back_hours", 24, 0, 24 * 365))
        self._config = MailboxConfig(
            fields.text("name") or "", fields.text("service") or "", fields.raw("settings"), fields.raw("secrets") or {}
        )
        path = fields.text("ledger_path")
        self._ledger = read_ledger_path({"ledger_path": path}, errors) if path else None
        fields.close()
        self._judge(errors)
        errors.refuse()
        self._told: dict[str, datetime] = {}

    @property
    def name(self) -> str:
        return self._config.name

    def _judge(self, errors: InputCollector) -> None:
        config = self._config
        is_formed = isinstance(config.settings, dict) and isinstance(config.secrets, dict)
        texts = is_formed and all(isinstance(one, str) for one in config.secrets.values())
        wrong = settings_errors(config) if texts else ["settings and secrets are dictionaries, and secrets are texts"]
        for why in [*([] if config.name else ["name is needed"]), *wrong]:
            errors.add(
                "mailbox_settings",
                what="Cannot use the mailbox",
                where="the event source inkan.tls.mailbox",
                why=why,
                todo="Correct its arguments in the rulebook",
            )

    def look(self) -> list[Event]:
        with open_mailbox(self._config, self._clock, deadline=_DEADLINE) as mailbox:
            new = [
                (letter.id, id_of(letter.raw), letter.received_at)
                for letter in mailbox.letters(since=self._since, known=self._told)
            ]
        if not new:
            return []
        names = [] if self._ledger is None else self._awaited(self._ledger)
        self._told.update((one, received) for one, _message_id, received in new)
        self._since = max(self._since, max(self._told.values()) - _OVERLAP)
        self._told = {one: received for one, received in self._told.items() if received >= self._since}
        waiting = {} if self._ledger is None else {"names": names, "waiting": len(names)}
        return [{"type": "mail", "mailbox": self.name, "mails": [_told(*one) for one in new], **waiting}]

    def _awaited(self, path: str) -> list[str]:
        store = open_for_reading(path)
        if store is None:
            return []
        with store:
            found = store.entries(None)
        waiting = (State.AWAITING_APPROVAL, State.AWAITING_PERSON)
        return sorted(name for name, entries in found.items() if any(one.state in waiting for one in entries))


def _told(name: str, message_id: str, received_at: datetime) -> Event:
    return {"id": name, "message_id": message_id or None, "received_at": render_time(received_at)}
