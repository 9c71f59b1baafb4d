# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every event source of extensions/eda does: looks, puts what is new, waits; and bears trouble.

A source that returns, or raises, ends its whole rulebook. So a ledger or a mailbox that cannot be read now is an event
(``trouble``, told once until it is over), and only wrong arguments end it.

This file is private to the collection.
"""

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields

Event = dict[str, t.Any]

#: seconds between two looks, and between two where there is trouble
DELAY, LEAST_DELAY, MOST_DELAY = 60, 1, 86400
MOST_PAUSE = 3600.0


class Queue(t.Protocol):
    async def put(self, item: Event) -> None: ...


def read_delay(fields: Fields) -> int:
    return fields.number("delay", DELAY, LEAST_DELAY, MOST_DELAY)


def read_arguments(args: t.Mapping[str, t.Any], source: str, errors: InputCollector) -> Fields:
    """Without what ansible-rulebook adds for its own purposes."""
    given = {key: value for key, value in args.items() if key != "eda_feedback_queue"}
    return Fields(given, where=f"the event source inkan.tls.{source}", path="", errors=errors)


async def watch(
    queue: Queue,
    look: t.Callable[[], list[Event]],
    delay: float,
    about: Event,
    sleep: t.Callable[[float], t.Awaitable[None]] = asyncio.sleep,
) -> None:
    """For ever. look: in a thread of its own, as it waits for disks and servers. Whoever is in trouble is asked less
    and less often: a wrong password must not lock an account."""
    trouble, pause = "", delay
    while True:
        try:
            events = await asyncio.to_thread(look)
            trouble, pause = "", delay
        except (InkanError, InputErrors) as error:  # the arguments were read before: it is what the ledger holds
            told = _told(error)
            events = [] if told["code"] == trouble else [{"type": "trouble", **told, **about}]
            pause = min(pause * 2, max(delay, MOST_PAUSE)) if trouble else delay
            trouble = told["code"]
        for event in events:
            await queue.put(event)
        await sleep(pause)


def _told(error: InkanError | InputErrors) -> Event:
    first = error.errors[0] if isinstance(error, InputErrors) else error
    return {"code": first.code, "message": error.sentence(), "retryable": first.retryable}
