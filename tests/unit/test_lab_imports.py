# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab and the collection share no line of import: a simulator with our parser would repeat our mistakes.

Shown in two ways: from the source, which finds imports at any depth; and by importing every file of one side in a fresh
Python and looking at what came along. And each way can fail: a made-up offender is found.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.fresh_python import python_path

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = REPOSITORY / "tests"
LAB = TESTS / "lab"
NOT_FOR_THE_LAB = ("ansible_collections", "ansible", "plugins", "module_utils", "roles", "tests")
LAB_WORDS = ("lab", "tests")
#: prints the files of every module that is loaded after ``import NAME ...``
PROBE = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
print(json.dumps([file for file in files if file]))
"""


# --- from the source -----------------------------------------------------------------------------------------------


def shared_imports(folder: Path, words: t.Sequence[str]) -> list[str]:
    """Each import below the folder that leads to one of the words, and each that hides where it leads."""
    errors = []
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for name in _imported(node, path):
                if name.split(".")[0] in words or name == HIDDEN:
                    errors.append(f"{path}:{getattr(node, 'lineno', 0)}: imports {name}")
    return errors


HIDDEN = "what only shows when it runs"
OUTSIDE = "tests"


def _imported(node: ast.AST, path: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        inside = node.level <= len(path.parts)  # each further dot leaves one folder; the last would leave this one
        return [node.module or ""] if not node.level else [] if inside else [OUTSIDE]
    names = {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute) else set()
    return [HIDDEN] if names & {"__import__", "import_module", "exec", "eval", "run_path", "run_module"} else []


def test_the_lab_names_nothing_of_the_collection() -> None:
    assert len(list(LAB.rglob("*.py"))) > 20, "the lab was not found"
    assert shared_imports(LAB, NOT_FOR_THE_LAB) == []


@pytest.mark.parametrize("folder", ["plugins", "roles", "playbooks", "scripts"])
def test_the_collection_names_nothing_of_the_lab(folder: str) -> None:
    words = LAB_WORDS if folder != "scripts" else ()
    assert [error for error in shared_imports(REPOSITORY / folder, words) if HIDDEN not in error] == []


def test_no_role_playbook_or_plugin_names_a_path_of_the_lab() -> None:
    """A task could run what a file does not import."""
    found = [
        str(path.relative_to(REPOSITORY))
        for folder in ("plugins", "roles", "playbooks", "meta")
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.suffix in (".py", ".yml", ".j2") and "tests/lab" in path.read_text(encoding="utf-8")
    ]
    assert found == []


# --- by what comes along -------------------------------------------------------------------------------------------


#: libraries, not code of ours, although scripts/venv keeps them below this checkout
ENVIRONMENT = Path(sys.prefix).resolve()


def loaded_files(names: t.Sequence[str], *paths: Path) -> list[Path]:
    """The files of all modules in a fresh Python that has imported these."""
    environment = {**os.environ, "PYTHONPATH": python_path(*paths)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *names],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = [Path(file).resolve() for file in json.loads(done.stdout)]
    return [file for file in files if not file.is_relative_to(ENVIRONMENT)]


def module_names(folder: Path, package: str) -> list[str]:
    names = [path.relative_to(folder).with_suffix("").parts for path in sorted(folder.rglob("*.py"))]
    parts = [name[:-1] if name[-1] == "__init__" else name for name in names if name[-1] != "__main__"]
    return [".".join((package, *name)) for name in parts]


def below(files: t.Iterable[Path], *folders: Path) -> list[Path]:
    return [file for file in files if any(file.is_relative_to(folder.resolve()) for folder in folders)]


def test_nothing_of_the_collection_comes_along_with_the_lab() -> None:
    pytest.importorskip("aiosmtpd")
    pytest.importorskip("dns")
    names = module_names(LAB, "lab")
    files = loaded_files(names, TESTS)
    assert len(below(files, LAB)) == len(names), "every file of the lab was imported"
    assert set(below(files, REPOSITORY)) == set(below(files, LAB)), "and nothing else of this repository"
    assert [file for file in files if {"ansible", "ansible_collections"} & set(file.parts)] == []


def test_nothing_of_the_lab_comes_along_with_the_collection(tmp_path: Path) -> None:
    names = [name for name in module_names(REPOSITORY / "plugins", "plugins") if ".doc_fragments." not in name]
    package = tmp_path / "ansible_collections" / "inkan"
    package.mkdir(parents=True)
    (package / "tls").symlink_to(REPOSITORY)
    files = loaded_files([f"ansible_collections.inkan.tls.{name}" for name in names], tmp_path)
    assert len(below(files, REPOSITORY / "plugins")) >= len(names)
    assert below(files, TESTS) == []


# --- and each way can fail -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "from ansible_collections.inkan.tls.plugins.module_utils._core import names",
        "import ansible_collections.inkan.tls.plugins.module_utils._core.names as n",
        "def f():\n    from plugins.module_utils._core import names",
        "try:\n    from module_utils import x\nexcept ImportError:\n    pass",
        "from ansible.module_utils import basic",
        "from ... import plugins",
        "from ...plugins import x",
        "__import__('plugins')",
        "import importlib\nimportlib.import_module('plugins')",
        "import runpy\nrunpy.run_path('x')",
    ],
)
def test_an_offender_is_found_in_the_source(tmp_path: Path, text: str) -> None:
    (tmp_path / "seller").mkdir()
    (tmp_path / "seller" / "fine.py").write_text(
        "from ..clock import LabClock\nfrom .orders import Order\nimport dns\n"
    )
    assert shared_imports(tmp_path, NOT_FOR_THE_LAB) == []
    (tmp_path / "seller" / "offender.py").write_text(text)
    errors = shared_imports(tmp_path, NOT_FOR_THE_LAB)
    assert [error.split(":")[0] for error in errors] == ["seller/offender.py"]


def test_an_offender_of_the_collection_is_found_in_the_source(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("def f():\n    from lab.clock import LabClock\n    import tests.lab\n")
    assert len(shared_imports(tmp_path, LAB_WORDS)) == 2


def test_an_offender_is_found_by_what_comes_along(tmp_path: Path) -> None:
    (tmp_path / "offender.py").write_text("import importlib\nimportlib.import_module('lab.' + 'clock')\n")
    assert below(loaded_files(["offender"], tmp_path, TESTS), LAB)
    assert not below(loaded_files(["json"], tmp_path, TESTS), LAB)
