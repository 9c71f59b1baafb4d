# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import ByCommand, ByName, BySignal
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io import service as service_file
from ansible_collections.inkan.tls.plugins.module_utils._io.service import Service


def _python(*lines: str) -> tuple[str, ...]:
    return (sys.executable, "-c", "\n".join(lines))


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    mark = tmp_path / "$(touch x); done"
    Service().reload(ByCommand(("touch", str(mark))))
    assert [path.name for path in tmp_path.iterdir()] == [mark.name]


def test_a_failing_reload_says_what_the_command_said() -> None:
    argv = _python("import sys", "print('nginx: [emerg] cannot load certificate')", "sys.exit(3)")
    with pytest.raises(LocalError) as caught:
        Service().reload(ByCommand(argv))
    assert caught.value.code == "reload_failed"
    assert "status 3" in caught.value.why
    assert "nginx: [emerg] cannot load certificate" in caught.value.why


def test_of_long_output_the_end_is_kept_and_control_characters_are_not() -> None:
    argv = _python("import sys", "print('x' * 100_000 + '\\x1b[31mthe end')", "sys.exit(1)")
    with pytest.raises(LocalError) as caught:
        Service().check(argv)
    assert caught.value.code == "post_check_failed"
    assert len(caught.value.why) < 2200
    assert "the end" in caught.value.why
    assert "\x1b" not in caught.value.why


def test_a_private_key_in_the_output_is_not_shown() -> None:
    argv = _python("import sys", "print('-----BEGIN EC PRIVATE KEY-----\\ncanary')", "sys.exit(1)")
    with pytest.raises(LocalError) as caught:
        Service().check(argv)
    assert "canary" not in caught.value.sentence()


def test_the_end_of_a_long_private_key_is_not_shown_either_and_what_follows_is() -> None:
    key = "-----BEGIN PRIVATE KEY-----\\n" + "canary\\n" * 500 + "-----END PRIVATE KEY-----"
    argv = _python("import sys", f"print('{key}')", "print('no such host')", "sys.exit(1)")
    with pytest.raises(LocalError) as caught:
        Service().check(argv)
    assert "canary" not in caught.value.sentence()
    assert "no such host" in caught.value.why


def test_a_full_disk_keeps_no_service_from_its_reload(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full() -> t.NoReturn:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(service_file.tempfile, "TemporaryFile", full)
    Service().reload(ByCommand(("touch", str(tmp_path / "done"))))
    assert (tmp_path / "done").exists()
    with pytest.raises(LocalError, match="status 3"):
        Service().check(_python("import sys", "print('words')", "sys.exit(3)"))


def test_a_command_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    argv = ("sh", "-c", f"sleep 60 & echo $! > {pid_file}; echo waiting; wait")
    began = time.monotonic()
    with pytest.raises(DeadlineError) as caught:
        Service(timeout=0.5).reload(ByCommand(argv))
    assert time.monotonic() - began < 5
    assert "waiting" in caught.value.why
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 5  # the kernel takes its time to bury it
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_daemon_that_keeps_its_output_open_holds_nobody_up() -> None:
    began = time.monotonic()
    Service(timeout=20).reload(ByCommand(("sh", "-c", "sleep 3 & exit 0")))
    assert time.monotonic() - began < 2


def test_a_missing_command_is_told() -> None:
    with pytest.raises(LocalError) as caught:
        Service().reload(ByCommand(("/nonexistent/reload",)))
    assert caught.value.code == "reload_failed"


@pytest.fixture(name="sleeper")
def fixture_sleeper() -> t.Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_the_signal_reaches_the_process_of_the_pid_file(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    pid_file = tmp_path / "server.pid"
    pid_file.write_text(f"{sleeper.pid}\n")
    Service().reload(BySignal(str(pid_file), "USR1"))
    assert sleeper.wait(5) == -signal.SIGUSR1


@pytest.mark.parametrize("text", ["", "0", "1", "-1", "12 34", "abc", "9" * 30], ids=repr)
def test_what_is_no_process_id_is_signalled_to_nobody(tmp_path: Path, text: str) -> None:
    pid_file = tmp_path / "server.pid"
    pid_file.write_text(text)
    with pytest.raises(LocalError) as caught:
        Service().reload(BySignal(str(pid_file), "HUP"))
    assert "no process id" in caught.value.why


@pytest.mark.parametrize("kind", ["missing", "a link", "writable by everyone", "a pipe"])
def test_a_pid_file_that_others_may_turn_is_not_followed(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], kind: str
) -> None:
    pid_file, real = tmp_path / "server.pid", tmp_path / "real.pid"
    real.write_text(str(sleeper.pid))
    if kind == "a link":
        pid_file.symlink_to(real)
    elif kind == "writable by everyone":
        pid_file.write_text(str(sleeper.pid))
        pid_file.chmod(0o666)
    elif kind == "a pipe":
        os.mkfifo(pid_file)
    with pytest.raises(InkanError) as caught:
        Service().reload(BySignal(str(pid_file), "USR1"))
    assert caught.value.code == "reload_failed"
    assert sleeper.poll() is None


@pytest.mark.parametrize(
    ("systemd", "start", "argv"),
    [
        (True, False, ("systemctl", "try-reload-or-restart", "--", "nginx")),
        (True, True, ("systemctl", "reload-or-restart", "--", "nginx")),
        (False, False, ("service", "nginx", "reload")),
        (False, True, ("service", "nginx", "restart")),
    ],
)
def test_a_service_name_goes_to_the_init_system(
    monkeypatch: pytest.MonkeyPatch, systemd: bool, start: bool, argv: tuple[str, ...]
) -> None:
    ran: list[t.Sequence[str]] = []
    monkeypatch.setattr(service_file.os.path, "isdir", lambda path: systemd and path == "/run/systemd/system")
    monkeypatch.setattr(service_file.shutil, "which", lambda name: f"/usr/sbin/{name}")
    monkeypatch.setattr(service_file, "run_command", lambda argv, *_more: ran.append(argv))
    Service().reload(ByName("nginx"), start=start)
    assert ran == [argv]


def test_without_an_init_system_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_file.os.path, "isdir", lambda _path: False)
    monkeypatch.setattr(service_file.shutil, "which", lambda _name: None)
    with pytest.raises(LocalError) as caught:
        Service().reload(ByName("nginx"))
    assert "argv" in caught.value.todo
