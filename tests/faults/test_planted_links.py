# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may write below a document root plants links there, before a run and in the midst of it: nothing outside of it is
written, read or removed, and the token is placed once the link is gone.
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.modules import file_tokens
from module_process import Ended, Seed, Watcher, run_module
from spread import spread
from tally import Invariant, Tally

HARNESS = "links in a document root"
TOKEN = ".well-known/pki-validation/fileauth.txt"
PLACES = (".well-known", ".well-known/pki-validation", TOKEN)
PLACED, SECRET = "value of the CA\n", "of somebody else\n"


class Ground:
    """A document root, and a folder that has nothing to do with it."""

    def __init__(self, folder: Path, state: str = "present") -> None:
        """What would be removed is there already, by its name and content; what would be written is not."""
        self.root, self.outside = folder / "www", folder / "outside"
        (self.outside / "pki-validation").mkdir(parents=True)
        (self.outside / "victim").write_text(SECRET)
        if state == "absent":
            for name in ("fileauth.txt", "pki-validation/fileauth.txt"):
                (self.outside / name).write_text(PLACED)
        self.root.mkdir()

    def plant(self, place: str) -> None:
        link = self.root / place
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_dir() and not link.is_symlink():
            link.rename(self.root / f"aside-{len(list(self.root.iterdir()))}")
        link.symlink_to(self.outside / "victim" if place == TOKEN else self.outside)

    def call(self, state: str, seed: Seed | None = None, watcher: Watcher | None = None) -> Ended:
        token = {"name": "shop", "document_root": str(self.root), "path": TOKEN, "content": PLACED}
        return run_module(file_tokens, {"state": state, "tokens": [token]}, seed=seed, watcher=watcher)

    def seen_outside(self) -> dict[str, str]:
        return {
            path.relative_to(self.outside).as_posix(): path.read_text()
            for path in self.outside.rglob("*")
            if path.is_file()
        }


def planted_before(ground: Ground, place: str, state: str, seed: Seed | None = None) -> None:
    before = ground.seen_outside()
    ground.plant(place)
    ended = ground.call(state, seed)
    assert ground.seen_outside() == before, "outside of the document root"
    assert SECRET.strip() not in ended.words + str(ended.answer), "it tells what is elsewhere"
    assert ended.code() is not None and ended.item()["outcome"] != "placed", ended.item()
    (ground.root / place).unlink()
    ended = ground.call("present", seed)
    assert ended.code() is None and (ground.root / TOKEN).read_text() == PLACED


def planted_meanwhile(ground: Ground, place: str, seed: Seed | None = None) -> None:
    """Right after the module has made that folder, somebody puts a link in its place."""
    before, left = ground.seen_outside(), [place]

    def swap(operation: str, words: tuple[t.Any, ...], _options: dict[str, t.Any], _value: t.Any) -> None:
        if left and operation == "mkdir" and words[0] == place.rpartition("/")[2]:
            ground.plant(left.pop())

    ended = ground.call("present", seed, swap)
    assert (ground.root / place).is_symlink(), "nobody planted anything"
    assert ground.seen_outside() == before, "outside of the document root"
    assert ended.code() is not None, ended.item()
    (ground.root / place).unlink()
    ended = ground.call("present", seed)
    assert ended.code() is None and (ground.root / TOKEN).read_text() == PLACED


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("place", PLACES)
def test_no_link_below_a_document_root_is_followed(tmp_path: Path, tally: Tally, place: str, state: str) -> None:
    with tally.attack(Invariant.HOSTILE_BYTES, HARNESS):
        planted_before(Ground(tmp_path, state), place, state)


@pytest.mark.parametrize("place", spread(PLACES[:2], short=2))
def test_no_link_that_is_planted_in_the_midst_of_it_is_followed(tmp_path: Path, tally: Tally, place: str) -> None:
    with tally.attack(Invariant.HOSTILE_BYTES, HARNESS):
        planted_meanwhile(Ground(tmp_path), place)


def _follows(patch: pytest.MonkeyPatch) -> None:
    plain = os.open

    def opened(path: t.Any, flags: int, *more: t.Any, **options: t.Any) -> int:
        return plain(path, flags & ~os.O_NOFOLLOW, *more, **options)

    patch.setattr(os, "open", opened)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_attack_finds_a_module_that_follows_links(tmp_path: Path, tally: Tally, state: str) -> None:
    with tally.seeded(HARNESS, f"O_NOFOLLOW is left out, {state}"):
        planted_before(Ground(tmp_path, state), ".well-known", state, _follows)


def test_the_attack_finds_a_module_that_follows_links_of_the_last_moment(tmp_path: Path, tally: Tally) -> None:
    with tally.seeded(HARNESS, "O_NOFOLLOW is left out, planted in the midst of it"):
        planted_meanwhile(Ground(tmp_path), ".well-known/pki-validation", _follows)
