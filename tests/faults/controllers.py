# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers: processes that run real modules side by side, on one ledger and one store.

Started as a program it takes one JSON object a line, forks a child for it and says its process id at once. The child
calls the module's ``main``, as Ansible does, and what that prints goes to a file.

    {"module": "certificate_orders", "params": {…}, "result": FILE, "defect": "", "ahead": 0, "stop": "", "skew": 0}
    4711

    ahead   seconds by which the clock of the leases is ahead of the others'
    stop    the child stops itself (SIGSTOP) before this: submit (the request that buys leaves), or the kind of a fact
    asleep  seconds that have passed by all clocks of the process when it goes on
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import typing as t
from pathlib import Path

from ansible.module_utils.testing import patch_module_args
from ansible_collections.inkan.tls.plugins.module_utils._ca import counted
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._io import http
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module import requesting
from ansible_collections.inkan.tls.plugins.modules import (
    certificate_deployments,
    certificate_orders,
    certificate_requests,
)

Data = dict[str, t.Any]
_asleep = 0.0
_monotonic = time.monotonic


# -- what passes while a process is stopped ---------------------------------------------------------------------------


def _stop(seconds: float) -> None:
    global _asleep
    os.kill(os.getpid(), signal.SIGSTOP)
    _asleep = seconds


def _time_may_pass() -> None:
    """``time.monotonic`` of what is made from now on: it goes on while a process is stopped."""

    def monotonic(_self: t.Any = None) -> float:
        return _monotonic() + _asleep

    SystemClock.monotonic = monotonic  # type: ignore[method-assign]
    made = http.DirectHttp.__init__

    def make(self: http.DirectHttp, **options: t.Any) -> None:
        made(self, **{**options, "monotonic": monotonic})

    http.DirectHttp.__init__ = make  # type: ignore[method-assign]


def _stop_at(place: str, seconds: float) -> None:
    left = [1]

    def once() -> None:
        if left:
            left.pop()
            _stop(seconds)

    sendall, append = http._Wire.sendall, LedgerStore.append

    def sending(self: t.Any, data: bytes) -> None:
        line = bytes(data[:200])
        if place == "submit" and line.startswith(b"POST") and b"/order/certificate/" in line:
            once()
        sendall(self, data)

    def appending(self: LedgerStore, leases: t.Any, additions: t.Any) -> t.Any:
        if any(fact.kind.value == place for addition in additions for fact in addition.facts):
            once()
        return append(self, leases, additions)

    http._Wire.sendall = sending  # type: ignore[method-assign]
    LedgerStore.append = appending  # type: ignore[method-assign]


def _ahead(seconds: float) -> None:
    original = LedgerStore.__init__

    def later(self: LedgerStore, path: str, connection: t.Any, process: t.Any, now: t.Callable[[], float]) -> None:
        original(self, path, connection, process, lambda: now() + seconds)

    LedgerStore.__init__ = later  # type: ignore[method-assign]


# -- the product made defect ------------------------------------------------------------------------------------------


def _no_fence() -> None:
    LedgerStore._check_fences = lambda _self, _leases, _names: None  # type: ignore[method-assign]


def _lease_for_ever() -> None:
    LedgerStore._is_held = lambda self, row, _gone: bool(row.owner) and row.owner != self.owner  # type: ignore[method-assign]


def _lease_for_no_time() -> None:
    LedgerStore._is_held = lambda _self, _row, _gone: False  # type: ignore[method-assign]


def _no_deadline() -> None:
    http._Wire.arm = lambda self: self.sock.settimeout(30)  # type: ignore[method-assign]


def _budget_of_its_own() -> None:
    shared = counted.SharedBudget

    def own(folder: str, name: str, *words: t.Any, **options: t.Any) -> t.Any:
        return shared(folder, f"{name}-{os.getpid()}", *words, **options)

    counted.SharedBudget = own  # type: ignore[assignment,misc]


def _always_a_new_key() -> None:
    requesting._find = lambda _store, _request: None
    requesting._KEPT_STAGED = 0


DEFECTS: dict[str, t.Callable[[], None]] = {
    "fences are not checked": _no_fence,
    "a lease never expires": _lease_for_ever,
    "a lease expires at once": _lease_for_no_time,
    "a request is sent after its deadline": _no_deadline,
    "each process has a budget of its own": _budget_of_its_own,
    "the staged key gives way to a new one": _always_a_new_key,
}


# -- what a child does ------------------------------------------------------------------------------------------------


class _Spender:
    """No module: so many requests of an account, counted as adapters count them. Says when each was sent."""

    @staticmethod
    def spend(params: Data) -> list[float]:
        clock = SystemClock()
        limits = [Limit(*limit) for limit in params["limits"]]
        sent = []
        for _request in range(params["requests"]):
            budget = counted.counted_as(params["customer"], limits, params["folder"], clock)
            clock.sleep(budget.take(600.0))
            sent.append(clock.monotonic())
        return sent


_MODULES = {
    "certificate_orders": certificate_orders,
    "certificate_requests": certificate_requests,
    "certificate_deployments": certificate_deployments,
}


def _work(asked: Data) -> None:
    _time_may_pass()
    if asked.get("defect"):
        DEFECTS[asked["defect"]]()
    if asked.get("ahead"):
        _ahead(asked["ahead"])
    if asked.get("stop"):
        _stop_at(asked["stop"], asked.get("asleep", 0.0))
    if asked["module"] == "spender":
        print(json.dumps(_Spender.spend(asked["params"])))
        return
    with patch_module_args(asked["params"]):
        _MODULES[asked["module"]].main()


def _child(asked: Data) -> t.NoReturn:
    result = Path(asked["result"])
    unfinished = result.with_suffix(".part")
    status = 1
    try:
        sys.stdout = sys.stderr = unfinished.open("w")
        _work(asked)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException as exc:  # noqa: BLE001 (told to who asked)
        print(f"{type(exc).__name__}: {exc}")
    sys.stdout.close()
    unfinished.rename(result)
    os._exit(status)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: their results do
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
