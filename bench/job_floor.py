# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor of every playbook: one that only pings, in each case that has playbooks."""

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from measure import Contestant, Finished, Timed, Unproven
from plays_of_bench import inventory, local, playbook, played


@contextlib.contextmanager
def _ping(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    def check(done: Finished) -> None:
        if "ok=1" not in done.text():
            raise Unproven("there was no ping")

    book = playbook(folder, "ping.yml", [{"name": "Ping", "ansible.builtin.ping": {}}])
    yield [played(folder, str(book), inventory(folder, {"host": local()}, {}), check)]


PING = Contestant("playbook with one ping", "floor", _ping)
