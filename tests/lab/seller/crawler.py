# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The crawler for ファイル認証: it comes round every six hours, not when asked (JPRS-6 to JPRS-10).

It fetches from every address that a name has. For three rounds after the end of an order it looks whether the files
are gone.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from lab.clock import LabClock
from lab.history import History
from lab.looking import Fetcher
from lab.vices import Switches

from .desk import Desk
from .orders import ENDED, File, Order

EVERY = timedelta(hours=6)
ROUNDS_AFTER_END = 3


class Crawler:
    def __init__(self, desk: Desk, fetcher: Fetcher, *, clock: LabClock, history: History, switches: Switches) -> None:
        self._desk, self._fetcher = desk, fetcher
        self._clock, self._history, self._switches = clock, history, switches
        self._lock = threading.Lock()
        self._rounds = 0
        self.next_round = clock.now() + EVERY

    def come_round_if_due(self) -> None:
        if self._clock.now() >= self.next_round:
            self.come_round()

    def come_round(self) -> int:
        """How many URLs were looked at."""
        with self._lock:
            self._rounds += 1
            self.next_round = self._clock.now() + EVERY
            self._history.add("crawl", round=self._rounds)
            urls = 0
            for order in self._desk.orders.in_state("waiting_file"):
                if not self._switches.strikes("crawler_late", order.order_id):
                    urls += self._validate(order)
            for order in self._desk.orders.in_state(*ENDED):
                urls += self._look_back(order)
            return urls

    def _validate(self, order: Order) -> int:
        files = [file for file in order.files if file.name not in order.done]
        found = [file.name for file in files if self._is_there(order, file)]
        self._desk.validated(order, found)
        return len(files)

    def _look_back(self, order: Order) -> int:
        if not order.files or order.rounds_after_end >= ROUNDS_AFTER_END:
            return 0
        for file in order.files:
            self._is_there(order, file)
        self._desk.orders.change(order.order_id, ENDED, rounds_after_end=order.rounds_after_end + 1)
        return len(order.files)

    def _is_there(self, order: Order, file: File) -> bool:
        """From every address the string, and nothing else but white space around it."""
        everywhere = True
        for seen in self._fetcher.fetch(file.uri):
            found = seen.status == 200 and seen.body.strip() == file.content.encode("ascii")
            everywhere = everywhere and found
            self._history.add(
                "fetch",
                order=order.order_id,
                url=file.uri,
                name=file.name,
                address=seen.address,
                found=found,
                status=seen.status,
                hops=list(seen.hops),
                why=seen.why,
                order_state=order.state,
            )
        return everywhere
