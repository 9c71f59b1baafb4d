# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One budget for all who ask by the same key: threads, processes, and whoever comes after a kill."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.budget import SharedBudget
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import FakeClock

LIMITS = (Limit(3, 1.0), Limit(10, 60.0))


def budget(folder: Path, clock: FakeClock, boot: str = "boot-1") -> SharedBudget:
    return SharedBudget(str(folder / "accounts"), ".budget", LIMITS, clock, boot=boot)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_request_beyond_the_limit_is_told_how_long_to_wait(tmp_path: Path, clock: FakeClock) -> None:
    ours = budget(tmp_path, clock)
    assert [ours.take(60) for _request in range(4)] == [0, 0, 0, 1.0]


def test_another_object_of_the_same_file_counts_on(tmp_path: Path, clock: FakeClock) -> None:
    assert [budget(tmp_path, clock).take(60) for _request in range(4)] == [0, 0, 0, 1.0]


def test_what_does_not_fit_is_not_promised(tmp_path: Path, clock: FakeClock) -> None:
    ours = budget(tmp_path, clock)
    waits = [ours.take(0.5) for _request in range(6)]
    assert waits == [0, 0, 0, 1.0, 1.0, 1.0]
    clock.passed = 1.0
    assert ours.take(0.5) == 0


def test_when_the_other_side_asks_for_patience_nobody_sends(tmp_path: Path, clock: FakeClock) -> None:
    budget(tmp_path, clock).hold(5.0)
    budget(tmp_path, clock).hold(2.0)
    assert budget(tmp_path, clock).take(60) == 5.0
    clock.passed = 5.0
    assert budget(tmp_path, clock).take(60) == 0


MONTH = 31 * 86400.0


def test_a_pause_of_a_month_is_kept_for_an_hour_and_then_asked_about(tmp_path: Path, clock: FakeClock) -> None:
    budget(tmp_path, clock).hold(MONTH)
    assert budget(tmp_path, clock).take(MONTH) == 3600.0
    clock.passed = 3600.0
    assert budget(tmp_path, clock).take(0) == 0
    budget(tmp_path, clock).hold(MONTH)
    assert budget(tmp_path, clock).take(0) == 3600.0, "when it is asked for again, it is kept again"


def test_how_long_a_pause_is_kept_can_be_set_also_while_it_lasts(tmp_path: Path, clock: FakeClock) -> None:
    def bounded(seconds: float) -> SharedBudget:
        return SharedBudget(str(tmp_path), ".budget", LIMITS, clock, longest_hold=seconds, boot="boot-1")

    bounded(7200).hold(MONTH)
    assert bounded(7200).take(0) == 7200
    assert bounded(60).take(0) == 60


def test_whoever_removes_the_file_lifts_the_pause(tmp_path: Path, clock: FakeClock) -> None:
    ours = budget(tmp_path, clock)
    ours.hold(MONTH)
    Path(ours.where).unlink()
    assert ours.take(0) == 0


def test_a_restart_begins_anew(tmp_path: Path, clock: FakeClock) -> None:
    for _request in range(3):
        budget(tmp_path, clock).take(60)
    assert budget(tmp_path, clock, boot="boot-2").take(60) == 0


@pytest.mark.parametrize("content", [b"", b"boot-1\n", b"boot-1\nnan?\n", b"\xff" * 99, b"boot-1\n0.0\nx\n"])
def test_a_broken_file_counts_as_none(tmp_path: Path, clock: FakeClock, content: bytes) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / ".budget").write_bytes(content)
    assert [budget(tmp_path, clock).take(60) for _request in range(4)] == [0, 0, 0, 1.0]


@pytest.mark.parametrize("call", ["pwrite", "ftruncate"])
def test_a_kill_or_a_full_disk_while_it_is_written_forgets_nothing(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    for _request in range(3):
        budget(tmp_path, clock).take(60)
    clock.passed = 0.5
    with monkeypatch.context() as patch:
        patch.setattr(
            os, call, lambda *_words: (_unused for _unused in ()).throw(OSError(28, "No space left on device"))
        )
        with pytest.raises(LocalError):
            budget(tmp_path, clock).take(60)
    assert budget(tmp_path, clock).take(60) >= 0.5


def test_the_file_is_nobody_elses(tmp_path: Path, clock: FakeClock) -> None:
    budget(tmp_path, clock).take(60)
    file = tmp_path / "accounts" / ".budget"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "accounts" / ".budget").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalError):
        budget(tmp_path, clock).take(60)
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_a_lock_that_is_never_given_back_is_told(tmp_path: Path, clock: FakeClock) -> None:
    import fcntl

    budget(tmp_path, clock).take(60)
    fd = os.open(tmp_path / "accounts" / ".budget", os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(LocalError) as caught:
            budget(tmp_path, clock).take(60)
    finally:
        os.close(fd)
    assert (caught.value.code, caught.value.retryable) == ("budget_locked", True)


def assert_kept(instants: list[float], limit: Limit) -> None:
    instants = sorted(instants)
    for first, after in zip(instants, instants[limit.requests :]):
        assert after - first >= limit.seconds - 1e-6


def test_threads_share_it(tmp_path: Path) -> None:
    limit = Limit(7, 0.5)

    def work() -> None:
        ours = SharedBudget(str(tmp_path), ".budget", (limit, Limit(100, 9.0)), SystemClock())
        for _request in range(10):
            ours.take(600)

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [float(line) for line in (tmp_path / ".budget").read_text().splitlines()[2:]]
    assert len(written) == 40
    assert_kept(written, limit)


PROCESS = """
import sys
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._io.budget import SharedBudget
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
ours = SharedBudget(sys.argv[1], ".budget", (Limit(5, 2.0), Limit(1000, 180.0)), SystemClock())
sys.stdin.readline()
for _request in range(40):
    ours.take(600)
"""


def test_two_processes_share_it(tmp_path: Path) -> None:
    """Both take forty at once, and not one window of two seconds holds more than five."""
    workers = [
        subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path)], stdin=subprocess.PIPE, env=_environment())
        for _worker in range(2)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    assert [worker.wait(60) for worker in workers] == [0, 0]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
    written = [float(line) for line in (tmp_path / ".budget").read_text().splitlines()[2:]]
    assert len(written) == 80
    assert_kept(written, Limit(5, 2.0))


def _environment() -> dict[str, str]:
    """The path by which this very test found the collection."""
    import ansible_collections

    roots = [str(Path(path).parent) for path in ansible_collections.__path__]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(roots)}
