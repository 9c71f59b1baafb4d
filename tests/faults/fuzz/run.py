# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The long form: atheris, guided by coverage, over every border, in turn, within a time for all of them.

    python tests/faults/fuzz/run.py                        15 minutes in sum
    python tests/faults/fuzz/run.py --seconds 300          in sum
    python tests/faults/fuzz/run.py --border "mails"       one border
    python tests/faults/fuzz/run.py --keep 4               and the shortest inputs that led to something new, per border

A border is fuzzed in a process of its own, bounded in memory; what a process needs to begin counts as time, too. An
input that broke a border is kept in tests/faults/fuzz/corpus/<border>, from where the short form plays it ever after;
the exit code is then 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]


def _importable() -> None:
    """As tests/conftest.py does it for pytest."""
    spec = importlib.util.spec_from_file_location("collection_path", HERE.parents[2] / "conftest.py")
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_importable()

_SECONDS = 900
#: of memory for one border, the interpreter and all libraries included
_MEGABYTES = 2048
_LONGEST = 64 * 1024
#: of an input that is kept
_KEPT = 2048


def fuzz(name: str, seconds: int, folder: str, rooms: t.Sequence[str], defect: str) -> t.NoReturn:
    """In this process, until the time is over or something breaks: libFuzzer ends it. folder: see ``_Place``."""
    import atheris

    with atheris.instrument_imports(include=list(rooms)):
        from fuzz.borders import BORDERS, corpus_of
        from fuzz.judge import judged

    if defect:
        from test_hostile_content import DEFECTS

        _harness, _words, _border, owner, attribute, spoil = next(one for one in DEFECTS if one[1] == defect)
        setattr(owner, attribute, spoil)
    border = next(one for one in BORDERS if one.name == name)

    def play(raw: bytes) -> None:
        judged(lambda: border.play(raw), border.allowed)

    def spoiled(raw: bytes, most: int, seed: int) -> bytes:
        """Half by libFuzzer, which knows what covers more; half as the short form does, which knows the forms."""
        dice = random.Random(seed)  # noqa: S311  no secret
        return (atheris.Mutate(raw, most) if dice.randint(0, 1) else border.mutate(raw, dice))[:most]

    place = _Place(Path(folder))
    for number, raw in enumerate([*border.seeds(), *corpus_of(border)]):
        (place.known / str(number)).write_bytes(raw)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={place.broken}/", f"-max_len={_LONGEST}"]
    options += [f"-rss_limit_mb={_MEGABYTES}", "-timeout=60", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(place.new), str(place.known)], play, custom_mutator=spoiled)
    atheris.Fuzz()
    raise SystemExit(0)


class _Place:
    """The folders of one run: inputs that were known, those that led to something new, those that broke it."""

    def __init__(self, folder: Path) -> None:
        self.known, self.new, self.broken = folder / "known", folder / "new", folder / "broken"
        for one in (self.known, self.new, self.broken):
            one.mkdir(exist_ok=True)


def _rooms(name: str) -> list[str]:
    """Packages whose coverage guides: those that read what comes over this border. All of them take long to prepare."""
    from fuzz.borders import BORDERS

    reads = [path for border in BORDERS if border.name == name for path in border.reads] or ["_core/fields.py"]
    plugins = "ansible_collections.inkan.tls.plugins."
    paths = [path[:-3] if path.startswith(("modules/", "filter/")) else f"module_utils/{path}" for path in reads]
    return sorted(
        {plugins + (path.rpartition("/")[0] if path.endswith(".py") else path).replace("/", ".") for path in paths}
    )


def _in_turn(names: t.Sequence[str], seconds: int, keep: int) -> int:
    from fuzz.borders import keep_in_corpus

    ends = time.monotonic() + seconds
    beginning = 0.0  # what the processes so far needed to begin, at most
    broken = 0
    for number, name in enumerate(names):
        begin = time.monotonic()
        share = max(int((ends - begin) / (len(names) - number) - beginning), 1)
        with tempfile.TemporaryDirectory() as folder:
            run = _run(name, share, folder)
            place = _Place(Path(folder))
            inputs = list(place.broken.iterdir())
            for one in [*inputs, *_shortest(place.new, keep)]:
                keep_in_corpus(name, one.read_bytes())
        beginning = max(beginning, time.monotonic() - begin - share)
        played = next((line.split()[-1] for line in run.stderr.splitlines() if "number_of_executed" in line), "?")
        is_broken = bool(inputs) or run.returncode != 0
        broken += is_broken
        print(f"{name:40}{played:>10} inputs  {'BROKEN' if is_broken else 'held'}", flush=True)
        if is_broken:
            print("\n".join(run.stderr.splitlines()[-25:]))
    print(f"{len(names)} borders, {broken} broken, {time.monotonic() - ends + seconds:.0f} s of {seconds} s")
    return 1 if broken else 0


def _run(name: str, seconds: int, folder: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE), "--one", name, "--seconds", str(seconds), "--folder", folder]
    command += [word for room in _rooms(name) for word in ("--room", room)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds + 300, check=False)


def _shortest(folder: Path, count: int) -> list[Path]:
    fitting = [path for path in folder.iterdir() if path.stat().st_size <= _KEPT]
    return sorted(fitting, key=lambda path: (path.stat().st_size, path.name))[:count]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=_SECONDS, help="for all borders together")
    parser.add_argument("--border", action="append", help="only this one; may be given several times")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--room", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--folder", default=".", help=argparse.SUPPRESS)
    parser.add_argument("--defect", default="", help=argparse.SUPPRESS)
    parser.add_argument(
        "--keep", type=int, default=0, help="inputs for each border, of those that led to something new"
    )
    given = parser.parse_args()
    if given.one:
        fuzz(given.one, given.seconds, given.folder, given.room, given.defect)
    from fuzz.borders import BORDERS

    return _in_turn(given.border or [border.name for border in BORDERS], given.seconds, given.keep)


if __name__ == "__main__":
    sys.exit(main())
