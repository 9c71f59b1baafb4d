# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the collection keep their bytecode, and a changed file is compiled anew."""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.plugin_utils import kept_bytecode
from ansible_collections.inkan.tls.tests.unit.fresh_python import python_path

PLUGINS = "ansible_collections.inkan.tls.plugins."
SOURCE = Path(kept_bytecode.__file__)

#: what ansible-playbook does, as far as imports are concerned
_PLAY = """
import sys
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
_AnsibleCollectionFinder(paths=[sys.argv[1]])._install()
import ansible_collections.inkan.tls.plugins.plugin_utils.kept_bytecode
from ansible_collections.inkan.tls.plugins.module_utils._core import word
from ansible_collections.inkan.tls.plugins.module_utils import plain
print(word.WORD, plain.WORD)
"""


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A collection of our name with two files; where it keeps modules_utils, one folder has no __init__.py."""
    plugins = tmp_path / "ansible_collections/inkan/tls/plugins"
    (plugins / "plugin_utils").mkdir(parents=True)
    (plugins / "plugin_utils/kept_bytecode.py").write_bytes(SOURCE.read_bytes())
    (plugins / "module_utils/_core").mkdir(parents=True)
    (plugins / "module_utils/_core/word.py").write_text("WORD = 'first'\n")
    (plugins / "module_utils/plain.py").write_text("WORD = 'plain'\n")
    return tmp_path


def play(collection: Path, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _PLAY, str(collection)],
        env={**clean, "PYTHONPATH": python_path(), "PYTHONPYCACHEPREFIX": "", **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def kept(collection: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in collection.rglob("*.pyc"))


def test_bytecode_is_kept_of_what_is_imported_later(collection: Path) -> None:
    assert play(collection) == "first plain"
    assert kept(collection) == ["plain", "word"]
    assert play(collection) == "first plain"


def test_a_changed_file_is_compiled_anew(collection: Path) -> None:
    assert play(collection) == "first plain"
    word = collection / "ansible_collections/inkan/tls/plugins/module_utils/_core/word.py"
    word.write_text("WORD = 'second'\n")
    assert play(collection) == "second plain"


def test_nothing_is_kept_where_nothing_may_be_written(collection: Path) -> None:
    assert play(collection, PYTHONDONTWRITEBYTECODE="1") == "first plain"
    assert kept(collection) == []


def test_kept_bytecode_is_used(collection: Path) -> None:
    """Seen by what no source says: the bytecode of another text, under the source's own time and size."""
    assert play(collection) == "first plain"
    (pyc,) = collection.rglob("word.*.pyc")
    word = collection / "ansible_collections/inkan/tls/plugins/module_utils/_core/word.py"
    at = word.stat()
    word.write_text("WORD = 'other'\n")
    os.utime(word, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert play(collection) == "first plain"
    pyc.unlink()
    assert play(collection) == "other plain"


def test_strangers_and_packages_without_a_file_are_left_to_ansible(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "stranger.py").touch()
    finder = next(one for one in sys.meta_path if isinstance(one, kept_bytecode._KeptBytecode))
    assert finder.find_spec("stranger", [str(tmp_path)]) is None
    assert finder.find_spec("ansible_collections.inkan.other.plugins.stranger", [str(tmp_path)]) is None
    assert finder.find_spec(PLUGINS + "folder", [str(tmp_path)]) is None
    assert finder.find_spec(PLUGINS + "stranger", None) is None
    found = finder.find_spec(PLUGINS + "stranger", [str(tmp_path)])
    assert found is not None and isinstance(found.loader, importlib.machinery.SourceFileLoader)


def test_it_is_there_once_however_often_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [one for one in sys.meta_path if type(one).__name__ != "_KeptBytecode"])
    again = importlib.reload(kept_bytecode)
    assert sum(isinstance(one, again._KeptBytecode) for one in sys.meta_path) == 1
