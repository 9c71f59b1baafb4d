# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bounded pool."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import (
    SerialExecutor,
    ThreadedExecutor,
    executor_for,
)


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert executor_for(workers).map(lambda number: number * 2, list(range(20))) == list(range(0, 40, 2))
    assert executor_for(workers).map(str, []) == []


def test_one_worker_means_no_thread() -> None:
    executor = executor_for(1)
    assert isinstance(executor, SerialExecutor)
    assert set(executor.map(lambda _item: threading.current_thread(), [1, 2, 3])) == {threading.current_thread()}


def test_no_more_work_at_once_than_workers() -> None:
    running, most, lock = [0], [0], threading.Lock()
    gate = threading.Barrier(3, timeout=5)

    def work(_item: int) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait()
        with lock:
            running[0] -= 1

    ThreadedExecutor(3).map(work, list(range(9)))
    assert most[0] == 3


def test_a_bug_in_the_work_comes_out() -> None:
    def work(item: int) -> float:
        return 1 / item

    for workers in (1, 2):
        with pytest.raises(ZeroDivisionError):
            executor_for(workers).map(work, [1, 0])
