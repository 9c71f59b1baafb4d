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
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.channels import (
    SERVICES,
    SMTP,
    Channel,
    read_channels,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputCollector,
    PolicyError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.notice_text import fit_to_send
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import (
    CONDITIONS,
    KINDS,
    THE_RUN,
    USUAL,
    Event,
    Known,
    Reminder,
    Seen,
    concerns,
    is_name,
    news,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
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
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import (
    ledger_spec,
    read_ledger_path,
    read_now,
)
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
_MOST_SENTENCES = 20
#: attempts after which a message does not hold up those behind it, and after which single recipients are given up
_PATIENCE, _LAST_ATTEMPT = 5, 20
_TIMES = ("not_before", "not_after", "due")


def notifications_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "ledger_durable": {"type": "bool", "default": False},
        "deadline": {"type": "float", "default": 30.0},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "tried_all": {"type": "bool", "default": True},
        "complete": {"type": "bool", "default": False},
        "channels": {"type": "list", "elements": "dict", "required": True, "options": _channel_spec()},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": _certificate_spec()},
    }


def _channel_spec() -> dict[str, t.Any]:
    return {
        "name": {"type": "str", "required": True},
        "service": {"type": "str", "choices": list(SERVICES), "required": True},
        "settings": {"type": "dict", "default": {}},
        "on": {"type": "list", "elements": "str", "choices": list(KINDS), "default": list(USUAL)},
        "certificates": {"type": "list", "elements": "str", "default": ["*"]},
        "language": {"type": "str", "choices": ["en", "ja"], "default": "en"},
    }


def _certificate_spec() -> dict[str, t.Any]:
    text = {"type": "str"}
    reminder = {
        "key": {"type": "str", "required": True, "no_log": False},
        "what": {"type": "str", "required": True},
        "owner": {"type": "str", "default": ""},
        "due": text,
    }
    return {
        "name": {"type": "str", "required": True},
        "condition": {"type": "str", "choices": list(CONDITIONS), "required": True},
        "mark": {"type": "str", "default": ""},
        "sentences": {"type": "list", "elements": "str", "default": []},
        **dict.fromkeys(("serial", "not_before", "not_after", "order", "actor", "due"), text),
        "owner": {"type": "str", "default": ""},
        "is_new": {"type": "bool", "default": False},
        "reminders": {"type": "list", "elements": "dict", "default": [], "options": reminder},
    }


class Senders(t.NamedTuple):
    """How messages leave; tests script them. http: makes the client that trusts a CA bundle, None: the system's."""

    clock: Clock
    http: t.Callable[[str | None], HttpClient]
    smtp: t.Callable[..., None] = smtp.send
    new_number: t.Callable[[], str] = lambda: "inkan-" + randomness.token_hex(12)


@dataclass(frozen=True)
class _Call:
    channels: tuple[Channel, ...]
    seen: tuple[Seen, ...]
    path: str
    deadline: float
    tried_all: bool
    complete: bool


def notify(params: t.Mapping[str, t.Any], check_mode: bool, senders: Senders | None = None) -> Result:
    errors = InputCollector()
    moved_to = read_now(params, errors)
    call = _read(params, errors)
    errors.refuse()
    senders = senders or Senders(SystemClock(moved_to), lambda bundle: DirectHttp(ca_bundle=bundle))
    if call.channels and not params["ledger_durable"]:
        _require_memory(call.path)
    if not call.channels:
        return Result([])
    if check_mode:
        return _planned(call, senders)
    with open_for_writing(call.path) as store:
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


# -- options ----------------------------------------------------------------------------------------------------------


def _read(params: t.Mapping[str, t.Any], errors: InputCollector) -> _Call:
    channels = read_channels(params["channels"], params["secrets"], errors)
    seen: dict[str, Seen] = {}
    for number, raw in enumerate(params["certificates"], 1):
        where = f'certificates, item {number} "{escaped(raw["name"], 80)}"'
        for why in _reasons(raw, seen):
            todo = "Correct the item"
            errors.add("bad_condition", what="Cannot read a condition", where=where, why=why, todo=todo)
        if not errors.errors:
            seen[raw["name"]] = _seen(raw)
    path = read_ledger_path(params, errors)
    return _Call(
        tuple(channels), tuple(seen.values()), path, params["deadline"], params["tried_all"], params["complete"]
    )


def _reasons(raw: t.Mapping[str, t.Any], seen: t.Collection[str]) -> t.Iterator[str]:
    if raw["name"] != THE_RUN and not is_name(raw["name"]):
        yield f"name must be that of a certificate, or {THE_RUN}"
    if raw["name"] in seen:
        yield "two items have this name"
    for key in _TIMES:
        try:
            _moment(raw.get(key))
        except ValueError as failure:
            yield f"{key}: {failure}"


def _moment(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


def _seen(raw: t.Mapping[str, t.Any]) -> Seen:
    """Bounded here: the ledger keeps it until it is delivered."""
    due = _moment(raw["due"])
    return Seen(
        name=raw["name"],
        condition=raw["condition"],
        mark=raw["mark"][:1000],
        sentences=tuple(one[:600] for one in raw["sentences"][:_MOST_SENTENCES]),
        serial=raw["serial"][:64] if raw["serial"] else None,
        not_before=_moment(raw["not_before"]),
        not_after=_moment(raw["not_after"]),
        order=raw["order"][:200] if raw["order"] else None,
        actor=raw["actor"][:20] if raw["actor"] else None,
        owner=raw["owner"][:300],
        due=render_time(due) if due else None,
        is_new=raw["is_new"],
        reminders=tuple(
            Reminder(one["key"][:200], one["what"][:600], one["owner"][:300], one["due"])
            for one in raw["reminders"][:20]
        ),
    )


# -- one channel ------------------------------------------------------------------------------------------------------


class _News(t.NamedTuple):
    events: list[Event]
    #: only what differs from what is in the ledger
    known: dict[str, Known]
    gone: list[str]


def _news(call: _Call, channel: Channel, memory: rows.ChannelMemory, now: datetime) -> _News:
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

    def __init__(self, call: _Call, channel: Channel, store: LedgerStore, senders: Senders) -> None:
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


def _planned(call: _Call, senders: Senders) -> Result:
    """What would be sent; no lease is taken, and nothing is written."""
    store = open_for_reading(call.path)
    empty = rows.ChannelMemory({}, (), ())
    try:
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
