# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutants of what a module does once, at import: its tables, patterns, defaults of arguments and of fields.

Each gets a fork that has not imported the collection yet, imports it with the change, and runs the test files that have
to do with the module.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import re
import sys
import types
import typing as t
from collections import Counter
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionPkgLoaderBase
from children import Ending, in_child
from settings import REPOSITORY, Settings

Touches = t.Mapping[str, t.Mapping[str, int]]  # file of the package: test file: its tests that ran lines of it
HEAVY = (
    "hypothesis _hypothesis_pytestplugin yaml jinja2 sqlite3 http.server unittest.mock "
    "cryptography.hazmat.primitives.serialization.pkcs7 cryptography.hazmat.primitives.asymmetric.rsa "
    "cryptography.hazmat.primitives.asymmetric.x25519 cryptography.x509 acme.client josepy "
    "dns.message dns.query dns.resolver dns.dnssec dns.tsigkeyring idna publicsuffixlist "
    "ansible.module_utils.basic ansible.constants ansible.plugins.loader"
)


def warm_up() -> None:
    """What every fork would import anew, none of it ours."""
    for name in HEAVY.split():
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def files_for(path: Path, settings: Settings, touches: Touches) -> list[str]:
    """The file's own tests first, then those that import it, that ran it, that ran what imports it."""
    tests = sorted(file for folder in settings.tests for file in (REPOSITORY / folder).rglob("test_*.py"))
    names = [str(file.relative_to(REPOSITORY)) for file in tests]
    stems = [one.stem for one in path.parent.glob("*.py")]
    own = [name for name in names if _tested_by(name, stems) == path.stem]
    imports = re.compile(rf"_core\.{path.stem} import|_core import [^#\n]*\b{path.stem}\b")
    direct = [name for name, file in zip(names, tests, strict=True) if imports.search(file.read_text("utf-8"))]
    users = [one for one in path.parent.glob("*.py") if imports.search(one.read_text("utf-8"))]
    rank: Counter[str] = Counter()
    for one in users:
        rank.update(touches.get(one.name, {}))
    ran = [name for name, _count in Counter(touches.get(path.name, {})).most_common()]
    ordered = [*own, *direct, *ran, *(name for name, _count in rank.most_common())]
    return [one for one in dict.fromkeys(ordered) if one in names and one not in settings.without][
        : settings.most_files
    ]


def _tested_by(test: str, stems: t.Iterable[str]) -> str:
    """The file that a file of tests is named after: test_run_guard.py after run_guard, and not after run."""
    fitting = [stem for stem in stems if re.fullmatch(rf"test_{stem}(_\w+)?\.py", Path(test).name)]
    return max(fitting, key=len, default="")


def try_import(path: Path, code: t.Any, tests: list[str], limit: int) -> str:
    """``code`` is that of the whole module, None: as it is. Most mutants die of the first file of tests."""
    ending = Ending.UNTESTED
    for part in (tests[:1], tests[1:]):
        if part:
            ending = in_child(lambda part=part: _run(path, code, part), limit)[0]
        if ending != Ending.SURVIVED:
            break
    return ending


def _run(path: Path, code: t.Any, tests: list[str]) -> int | None:
    _watch_no_results()
    if code is not None:
        _import_instead(path, code)
    status = pytest.main([*tests, "-x", "-q", "-p", "no:xdist", "-o", "cache_dir=.cache/mutants/pytest"])
    return None if status == pytest.ExitCode.OK else int(status)


def _watch_no_results() -> None:
    """Not to read the documentation of all modules for each mutant costs a few kills, and saves most of the time."""
    name = "ansible_collections.inkan.tls.tests.unit.documented"
    watching: t.Any = types.ModuleType(name)
    watching.watch_modules, watching.REPOSITORY = (lambda: None), REPOSITORY
    sys.modules[name] = watching


def _import_instead(path: Path, code: t.Any) -> None:
    """Python's own loader, and that of Ansible, which reads collections wherever it is installed."""
    ending = str(path.relative_to(REPOSITORY))
    loaders: list[t.Any] = [importlib.machinery.SourceFileLoader, _AnsibleCollectionPkgLoaderBase]
    for loader in loaders:
        get_code = loader.get_code

        def changed(self: t.Any, name: str, get_code: t.Any = get_code) -> t.Any:
            file = getattr(self, "path", None) or getattr(self, "_source_code_path", None) or ""
            return code if file.endswith(ending) else get_code(self, name)

        loader.get_code = changed
