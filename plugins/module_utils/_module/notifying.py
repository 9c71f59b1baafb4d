# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""notifications: tell channels what changed since they were told the last time. One result a channel.

    lease of the channel
      1. what is seen now against what the channel knows: news into the queue, in the transaction that makes it known
      2. messages of runs before, whose delivery failed or was not heard of: sent again as they are
      3. all that is queued: one message, under an id that is in the ledger before the first byte leaves
    A failure ends the channel's turn, unless it is one recipient's, or that message fails again and again; what was to
    be told stays in the ledger.

This file is private to the collection.
"""

from __future__ import annotations

import secrets as randomness
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core import people
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import (
    SMTP,
    Channel,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    InkanError,
    InputCollector,
    PolicyError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.notice_text import fit_to_send
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import (
    THE_RUN,
    UNDERWAY,
    Event,
    Known,
    Reminder,
    Seen,
    concerns,
    news,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_notices as rows
from ansible_collections.inkan.tls.plugins.module_utils._io import smtp, webhook
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    Leases,
    LedgerStore,
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.notice_options import (
    NotifyCall,
    notifications_spec,
    read_notify_call,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_now
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._report.notice_forms import (
    Message,
    mail,
    mail_text,
    webhook_body,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.notice_words import letter

__all__ = ["Senders", "notifications_spec", "notify"]

#: above what a channel's own time limit allows: a lease must not end while its message is on its way
_LEASE_MARGIN = 60.0
#: attempts after which a message does not hold up those behind it, and after which single recipients are given up
_PATIENCE, _LAST_ATTEMPT = 5, 20


class Senders(t.NamedTuple):
    """How messages leave; tests script them. http: makes the client that trusts a CA bundle, None: the system's."""

    clock: Clock
    http: t.Callable[[str | None], HttpClient]
    smtp: t.Callable[..., None] = smtp.send
    new_number: t.Callable[[], str] = lambda: "inkan-" + randomness.token_hex(12)


def notify(params: t.Mapping[str, t.Any], check_mode: bool, senders: Senders | None = None) -> Result:
    errors = InputCollector()
    moved_to = read_now(params, errors)
    call = read_notify_call(params, errors)
    errors.refuse()
    senders = senders or Senders(SystemClock(moved_to), lambda bundle: DirectHttp(ca_bundle=bundle))
    if call.channels and not params["ledger_durable"]:
        _require_memory(call.path)
    if not call.channels:
        return Result([])
    if check_mode:
        return _planned(call, senders)
    with open_for_writing(call.path) as store:
        call = _reminded(call, store, senders.clock.now())
        done = [_Turn(call, channel, store, senders).take() for channel in call.channels]
    return Result([item for item, _diff in done], [diff for _item, diff in done if diff], _warnings(done))


def _require_memory(path: str) -> None:
    """What was told must be remembered, or each run would tell it all again."""
    try:
        require_durable(path)
    except PolicyError as failure:
        raise PolicyError(
            code="ledger_not_durable",
            what="Will not notify",
            where=failure.where,
            why=f"{failure.why.partition(':')[0]}: each run would tell the same again",
            todo=failure.todo,
        ) from failure


def _warnings(done: t.Iterable[tuple[ItemResult, Diff | None]]) -> list[str]:
    return [f"{item.name}: {item.error.sentence()}" for item, _diff in done if item.error]


# -- reminders --------------------------------------------------------------------------------------------------------


def _reminded(call: NotifyCall, store: LedgerStore, now: datetime) -> NotifyCall:
    """With what persons have to be reminded of, as the ledger has it after all that the run has done.

    In a run about all certificates also for those that are not declared any more: their contracts go on.
    """
    entries = [entry for every in store.entries().values() for entry in every]
    found: dict[str, list[Reminder]] = {}
    for one in people.due_reminders(entries, now, call.declared):
        found.setdefault(one.name, []).append(_reminder(one))
    seen = [replace(one, reminders=tuple(found.pop(one.name, ()))) for one in call.seen]
    if call.complete:
        seen += [Seen(name, UNDERWAY, reminders=tuple(reminders)) for name, reminders in found.items()]
    return replace(call, seen=tuple(seen))


def _reminder(one: people.Reminder) -> Reminder:
    late = () if one.level == "remind" else (f"it is late: {one.costs}",)
    what = "; ".join((one.what, *late))
    return Reminder(one.key[:200], what[:600], ", ".join(one.to)[:300], render_time(one.by))


# -- one channel ------------------------------------------------------------------------------------------------------


class _News(t.NamedTuple):
    events: list[Event]
    #: only what differs from what is in the ledger
    known: dict[str, Known]
    gone: list[str]


def _news(call: NotifyCall, channel: Channel, memory: rows.ChannelMemory, now: datetime) -> _News:
    events: list[Event] = []
    known: dict[str, Known] = {}
    for seen in call.seen:
        if concerns(channel.certificates, seen.name):
            before = memory.known.get(seen.name)
            found, after = news(before, seen, now, channel.on, call.tried_all)
            events += [_fit(event, channel) for event in found]
            if after != before:
                known[seen.name] = after
    names = {seen.name for seen in call.seen}
    gone = [name for name in memory.known if name not in names and name != THE_RUN] if call.complete else []
    return _News(events, known, gone)


def _fit(event: Event, channel: Channel) -> Event:
    """No secret of the channel reaches the ledger; the rest is made fit where it is put into words."""
    masked = tuple(mask(sentence, channel.hidden) for sentence in event.sentences)
    return replace(event, sentences=masked)


class _Turn:
    """A channel's turn in a run."""

    def __init__(self, call: NotifyCall, channel: Channel, store: LedgerStore, senders: Senders) -> None:
        self._call, self._channel, self._store, self._senders = call, channel, store, senders
        self._lease = f"channel {channel.name}"
        self._leases = Leases(store.owner, {})
        self._ends = senders.clock.monotonic() + call.deadline
        self._sent: list[Message] = []
        self._is_noted = False
        self._error: InkanError | None = None

    def take(self) -> tuple[ItemResult, Diff | None]:
        self._leases, held = self._store.take_leases([self._lease], self._call.deadline + _LEASE_MARGIN)
        if held:
            return ItemResult(
                self._channel.name, "busy", "queued", extra={"messages": [], "events": [], "queued": 0}
            ), None
        try:
            events = self._note()
            self._send_all()
        finally:
            self._store.release(self._leases)
        return self._told(events)

    def _note(self) -> list[Event]:
        now = self._senders.clock.now()
        found = _news(self._call, self._channel, self._store.channel(self._channel.name), now)
        self._is_noted = bool(found.known or found.gone)
        if self._is_noted or found.events:
            with self._store.noting(self._leases, self._lease) as connection:
                rows.write_news(connection, self._channel.name, found.known, found.gone, found.events, now)
        return found.events

    def _send_all(self) -> None:
        """The messages that are open, then one of all that is queued."""
        name = self._channel.name
        for message in self._store.channel(name).messages:
            if not self._sends(message):
                return
        if self._store.channel(name).queue:
            number = self._senders.new_number()
            with self._store.noting(self._leases, self._lease) as connection:
                rows.write_message(connection, name, number, self._senders.clock.now())
            self._sends(next(one for one in self._store.channel(name).messages if one.id == number))

    def _sends(self, message: rows.OpenMessage) -> bool:
        """Whether the next one may be tried."""
        now = self._senders.clock.now()
        if message.hold_until is not None and now < message.hold_until:
            self._error = _held(self._channel, message)
            return False
        with self._store.noting(self._leases, self._lease) as connection:
            rows.write_attempt(connection, message.id)
        told = Message(message.id, message.at, message.events, message.is_doubtful)
        try:
            self._send(told, message)
        except NotDelivered as failure:
            with self._store.noting(self._leases, self._lease) as connection:
                self._keep(connection, message, failure)
            self._error = _error(self._channel, message, failure)
            self._sent += [told] if failure.is_partial else []
            return failure.is_partial or (message.attempts >= _PATIENCE and failure.hold_until is None)
        with self._store.noting(self._leases, self._lease) as connection:
            rows.write_delivered(connection, message.id)
        self._sent.append(told)
        return True

    def _send(self, told: Message, message: rows.OpenMessage) -> None:
        """What nobody expects is told without the secrets of the channel, of which a URL is only hidden as a whole."""
        try:
            self._hand_over(told, message)
        except (NotDelivered, InkanError):
            raise
        except Exception as failure:  # noqa: BLE001 whatever it is, its words may have what was sent
            raise BugError(
                code="bug",
                what="Sending a notification met a state that must not be",
                where=f'channel "{self._channel.name}", {self._channel.where}',
                why=escaped(mask(f"{type(failure).__name__}: {failure}", self._channel.hidden), 500),
                todo="Please report it",
            ) from None

    def _hand_over(self, told: Message, message: rows.OpenMessage) -> None:
        timeout = self._ends - self._senders.clock.monotonic()
        if timeout <= 0:
            raise NotDelivered("there was no time left to send it")
        channel = self._channel
        if channel.service == SMTP:
            recipients = [one for one in message.recipients if one in channel.settings["to"]] or channel.settings["to"]
            self._senders.smtp(channel, mail(channel, told), recipients, timeout=timeout)
            return
        webhook.post(
            self._senders.http(channel.settings.get("ca_bundle")),
            channel,
            webhook_body(channel, told),
            number=told.number,
            attempt=message.attempts + 1,
            now=self._senders.clock.now(),
            timeout=timeout,
        )

    def _keep(self, connection: t.Any, message: rows.OpenMessage, failure: NotDelivered) -> None:
        """Once in doubt it stays so: an answer that says no tells nothing of the attempt before it."""
        if failure.is_partial and (not failure.left or message.attempts >= _LAST_ATTEMPT):
            rows.write_delivered(connection, message.id)
            return
        doubtful = failure.is_doubtful or (message.is_doubtful and not failure.is_partial)
        left = failure.left or message.recipients
        if doubtful or left or failure.hold_until is not None:
            rows.write_not_delivered(connection, message.id, doubtful, failure.hold_until, left)
        else:
            rows.write_dissolved(connection, message.id)

    def _told(self, events: list[Event]) -> tuple[ItemResult, Diff | None]:
        memory = self._store.channel(self._channel.name)
        queued = len(memory.queue) + sum(len(one.events) for one in memory.messages)
        outcome = "sent" if self._sent else "queued" if queued else "noted" if self._is_noted else "kept"
        changed = bool(self._sent or events or self._is_noted)
        extra = {
            "messages": [one.number for one in self._sent],
            "events": [_shown(event) for one in self._sent for event in one.events],
            "queued": queued,
        }
        state = "queued" if queued else "told"
        item = ItemResult(self._channel.name, outcome, state, changed, self._error, extra)
        return item, _diff(self._channel, [event for one in self._sent for event in one.events])


# -- check mode -------------------------------------------------------------------------------------------------------


def _planned(call: NotifyCall, senders: Senders) -> Result:
    """What would be sent; no lease is taken, and nothing is written."""
    store = open_for_reading(call.path)
    empty = rows.ChannelMemory({}, (), ())
    try:
        call = _reminded(call, store, senders.clock.now()) if store else call
        memories = {one.name: store.channel(one.name) if store else empty for one in call.channels}
    finally:
        if store is not None:
            store.close()
    items, diffs = [], []
    for channel in call.channels:
        memory = memories[channel.name]
        found = _news(call, channel, memory, senders.clock.now())
        waiting = [*(event for one in memory.messages for event in one.events), *memory.queue, *found.events]
        is_noted = bool(found.known or found.gone)
        outcome = "sent" if waiting else "noted" if is_noted else "kept"
        extra = {"messages": [], "events": [_shown(event) for event in waiting], "queued": len(waiting)}
        state = "queued" if waiting else "told"
        items.append(ItemResult(channel.name, outcome, state, bool(waiting or is_noted), None, extra))
        diff = _diff(channel, waiting)
        diffs += [diff] if diff else []
    return Result(items, diffs)


# -- telling ----------------------------------------------------------------------------------------------------------


def _diff(channel: Channel, events: t.Sequence[Event]) -> Diff | None:
    if not events:
        return None
    said = letter(events, channel.language, number="", may_be_again=False, secrets=channel.hidden)
    return Diff(f"message to {channel.name}", "", f"{said.title}\n\n{mail_text(said)}")


def _shown(event: Event) -> dict[str, t.Any]:
    return {"kind": event.kind, "certificate": fit_to_send(event.name, keep=(event.name,)), "at": event.at}


def _held(channel: Channel, message: rows.OpenMessage) -> InkanError:
    return TransportError(
        code="notice_held",
        what="Did not send a notification",
        where=f'channel "{channel.name}", {channel.where}',
        why="the other side wants no message before that time",
        todo="It is kept, and sent by a later run",
        retry_at=message.hold_until,
        sent=False,
    )


def _error(channel: Channel, message: rows.OpenMessage, failure: NotDelivered) -> InkanError:
    where = f'channel "{channel.name}", {channel.where}'
    why = fit_to_send(failure.why, channel.hidden, keep=channel.settings.get("to") or ())
    if failure.is_refused:
        return RefusedError(
            code="notice_refused",
            what="A notification was refused",
            where=where,
            why=why,
            todo="Correct the channel in inkan_notifications; the next run sends what is kept",
        )
    if failure.is_doubtful:
        return TransportError(
            code="notice_answer_lost",
            what="A notification was sent, and nobody said whether it arrived",
            where=where,
            why=why,
            todo=f"The next run sends it again under the same id, {message.id}",
        )
    return TransportError(
        code="notice_not_delivered",
        what="A notification was not delivered",
        where=where,
        why=why,
        todo="It is kept, and the next run sends it",
        retry_at=failure.hold_until,
        sent=False,
    )
