# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution environment is told to install is what plugins import: nothing is missing, nothing is too much.

`make ee` asks ansible-builder the same, and works in an image that was made by it.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

REPOSITORY = Path(__file__).resolve().parents[2]
#: distribution -> what is imported of it, where the names differ
IMPORTED_AS = {"dnspython": "dns"}
#: whoever uses what wants them installs them: DNS service lexicon (it brings requests), and GSS-TSIG
OPTIONAL = {"gssapi", "lexicon", "requests"}
#: what is there wherever ansible-core is
CORE = {"ansible", "ansible_collections", "jinja2", "yaml"}


def declared() -> set[str]:
    named = yaml.safe_load((REPOSITORY / "meta/execution-environment.yml").read_text("utf-8"))["dependencies"]["python"]
    lines = (REPOSITORY / named).read_text("utf-8").splitlines()
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line.strip() and not line.startswith("#")]
    return {IMPORTED_AS.get(name[0], name[0]) for name in names if name}


def imported(folder: Path) -> dict[str, Path]:
    """Each package that is neither ours nor Python's own, with one file that imports it."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                names = []
            found.update({name.split(".")[0]: path for name in names})
    return {name: path for name, path in found.items() if name not in {*sys.stdlib_module_names, *CORE}}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="sys.stdlib_module_names came with Python 3.10")
def test_plugins_import_what_is_declared_and_nothing_else() -> None:
    found = imported(REPOSITORY / "plugins")
    assert set(found) - OPTIONAL == declared()
    assert set(found) >= OPTIONAL, "an option that is imported nowhere is none"


@pytest.mark.skipif(sys.version_info < (3, 10), reason="sys.stdlib_module_names came with Python 3.10")
def test_an_import_that_is_not_declared_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("def f():\n    import requests.auth\n    import json\n", "utf-8")
    assert set(imported(tmp_path)) == {"requests"}


def test_no_package_of_a_distribution_is_asked_for() -> None:
    named = yaml.safe_load((REPOSITORY / "meta/execution-environment.yml").read_text("utf-8"))["dependencies"]["system"]
    lines = (REPOSITORY / named).read_text("utf-8").splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("#")] == []
