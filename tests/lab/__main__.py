# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab for people, until Ctrl-C.

python -m lab [--folder FOLDER] [--now MOMENT] [--vices all|default|none|NAME,NAME]
python -m lab --folder FOLDER --background   comes back when it is open; it goes on by itself
python -m lab --folder FOLDER --stop         ends the lab of that folder, by its process id, and waits for it

Where the collection is installed, without any PYTHONPATH: python COLLECTION/tests/lab --folder FOLDER
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
from datetime import datetime, timezone
from pathlib import Path

if not __package__:  # started as a folder: python .../tests/lab
    os.execve(  # noqa: S606 - that is what is wanted
        sys.executable,
        [sys.executable, "-m", "lab", *sys.argv[1:]],
        {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )

from .also import ALSO
from .clock import iso_jst
from .inventory import INVENTORY_FILE, write_inventory
from .lab import FACTS_FILE, PID_FILE, Lab, is_running
from .vices import VICES

STOP_SECONDS = 20.0
OPEN_SECONDS = 180.0
SETS = {
    "default": [vice.name for vice in VICES if vice.default],
    "none": [],
    "all": [vice.name for vice in VICES],
}


def main(arguments: t.Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.stop:
        return _stop(options.folder)
    if options.background:
        return _start(options.folder.resolve(), [*(arguments or sys.argv[1:])])
    try:
        folder = _empty(options.folder)
    except ValueError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: ended.set())
    with Lab(folder, now=options.now, vices=options.vices, also=ALSO) as lab:
        write_inventory(lab.folder, lab.facts(), now=None if options.now is None else lab.facts()["now"])
        print(_screen(lab), flush=True)
        ended.wait()
        for failure in lab.failures:
            print(failure, file=sys.stderr)
    print(f"The lab is closed. What it wrote is in {folder}", flush=True)
    return 0


# --- options -------------------------------------------------------------------------------------------------------


def _options(arguments: t.Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description="A made-up world on loopback, to try inkan.tls in.")
    parser.add_argument("--folder", type=Path, help="everything is below it; it is made anew (default: a new one)")
    parser.add_argument("--now", type=_moment, help="where the lab's clock starts: 2026-06-23T10:00:00+09:00")
    parser.add_argument(
        "--vices", type=_vices, default=SETS["default"], help="all, default, none, or names with commas"
    )
    parser.add_argument("--stop", action="store_true", help="end the lab of --folder, if one runs there")
    parser.add_argument("--background", action="store_true", help="come back when it is open; --stop ends it")
    options = parser.parse_args(arguments)
    if (options.stop or options.background) and options.folder is None:
        parser.error("--stop and --background need --folder")
    return options


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def _vices(text: str) -> list[str]:
    if text in SETS:
        return SETS[text]
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(SETS["all"]))
    if unknown:
        raise argparse.ArgumentTypeError(f"no such vice: {', '.join(unknown)}; there are {', '.join(SETS['all'])}")
    return names


def _empty(folder: Path | None) -> Path:
    """A folder that an earlier lab left is made anew; nobody else's is touched. ValueError says what is in the way."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="inkan-lab-"))
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        if not any((folder / name).is_file() for name in (PID_FILE, FACTS_FILE)):
            raise ValueError(f"{folder} is neither empty nor left by a lab")
        if is_running(folder):
            raise ValueError(f"the lab of {folder} still runs; its process id is in {folder / PID_FILE}")
        shutil.rmtree(folder)
    return folder


# --- its beginning in the background, and its end --------------------------------------------------------------------


def _start(folder: Path, arguments: t.Sequence[str]) -> int:
    """A process of its own, in a session of its own: it outlives this one. What it prints lies beside its folder."""
    log = folder.with_name(f"{folder.name}.log")
    folder.parent.mkdir(parents=True, exist_ok=True)
    words = [word for word in arguments if word != "--background"]
    with log.open("w", encoding="utf-8") as file:
        lab = subprocess.Popen(
            [sys.executable, "-m", "lab", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + OPEN_SECONDS
    while lab.poll() is None and time.monotonic() < until:
        if "The lab is open." in (text := log.read_text("utf-8")):
            print(text.replace("Ctrl-C closes the lab.", f"--folder {folder} --stop closes the lab."))
            return 0
        time.sleep(0.05)
    print(log.read_text("utf-8") or "lab: it does not open", file=sys.stderr)
    lab.terminate()
    return 1


def _stop(folder: Path) -> int:
    if not is_running(folder):
        print(f"No lab runs in {folder}")
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((folder / PID_FILE).read_text(encoding="ascii")), signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while is_running(folder):
        if time.monotonic() > until:
            print(f"lab: the lab of {folder} does not end", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print(f"The lab of {folder} is closed")
    return 0


# --- what people read ----------------------------------------------------------------------------------------------


def _screen(lab: Lab) -> str:
    facts = lab.facts()
    dns = facts["dns"]
    on = [vice.name for vice in VICES if lab.switches.is_on(vice.name)]
    rows = [
        ("look and play", facts["control_url"]),
        ("", f"(your browser does not know its authority: {facts['api_ca']})"),
        ("seller's API", f"{facts['api_url']}, key {facts['api_key']}"),
        ("CertCentral", f"{facts['digicert']['url']}, key {facts['digicert']['key']}"),
        *((name, facts[name]["url"]) for name in lab.also),
        ("DNS", f"{' and '.join(dns['servers'])}, port {dns['port']}: {', '.join(dns['zones'])}"),
        ("updates", f"key {dns['key_name']}, hmac-sha256, {dns['key_secret']}"),
        *(("web host", f"{name}: {_web(facts, host)}") for name, host in facts["web"].items()),
        ("mails", f"{facts['maildirs']}/ADDRESS/new, by SMTP at {facts['smtp']['host']}:{facts['smtp']['port']}"),
        ("issued by", facts["issuing_ca"]),
        ("clock", iso_jst(lab.clock.now())),
        ("vices on", ", ".join(on) or "none"),
        ("all facts", str(lab.folder / FACTS_FILE)),
    ]
    lines = ["The lab is open. Nothing of it is seen outside this machine.", ""]
    lines += [f"  {word:15}{text}" for word, text in rows]
    lines += ["", "Try it in a second terminal, where the collection is installed (here: scripts/venv demo bash):", ""]
    lines += [f"  ansible-playbook inkan.tls.{name} -i {lab.folder / INVENTORY_FILE}" for name in ("plan", "issue")]
    lines += ["", "Then open the page, press the link in the approval mail, send the crawler round, and issue again."]
    lines += ["Ctrl-C closes the lab."]
    return "\n".join(lines)


def _web(facts: t.Mapping[str, t.Any], host: t.Mapping[str, str]) -> str:
    address = host["address"]
    return f"http://{address}:{facts['http_port']}, https://{address}:{facts['https_port']}, files in {host['folder']}"


if __name__ == "__main__":
    sys.exit(main())
