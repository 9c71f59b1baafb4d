# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom, read from the source: imports are found with ``ast``, at any depth.

    doors   action -> modules   filter, lookup
               |                   |
    _module    v                   |
    middle  _ca _dns _x509 _names _mail _report -> _io      (among each other: never, but _io)
               |                                    |
    _core      v  pure: standard library only       v
    _data      constants

Every rule is tested twice: this repository keeps it, and a made-up tree that breaks it is reported.
"""

from __future__ import annotations

import ast
import sys
import typing as t
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
COLLECTION = "ansible_collections.inkan.tls."
UTILS = COLLECTION + "plugins.module_utils."
PLUGIN_UTILS = COLLECTION + "plugins.plugin_utils"
FILTERS = COLLECTION + "plugins.filter"  # loaded by an action, for all workers
MAX_FUNCTION_LINES = 60
MAX_MAIN_LINES = 25

BOTTOM = {"_core", "_data"}
MIDDLE = {"_ca", "_dns", "_x509", "_names", "_mail", "_report", "_io"}
#: room -> the rooms it may import; its own room goes without saying
MAY_IMPORT: dict[str, set[str]] = {
    "modules": {"_module"} | MIDDLE | BOTTOM,
    "action": {"_module"} | MIDDLE | BOTTOM,  # and the module whose work it does
    "plugin_utils": {"_module"} | BOTTOM,
    "filter": {"_names", "_x509", "_report"} | BOTTOM,
    "lookup": {"_names", "_x509"} | BOTTOM,
    "doc_fragments": set(),
    "_module": MIDDLE | BOTTOM,
    "_ca": {"_io"} | BOTTOM,
    "_dns": {"_io"} | BOTTOM,
    "_mail": {"_io"} | BOTTOM,
    "_report": {"_io"} | BOTTOM,
    "_x509": BOTTOM,
    "_names": BOTTOM,
    "_io": BOTTOM,
    "_core": {"_data"},
    "_data": set(),
}
#: third-party package (or part of one) -> the places that may import it; one that is not listed may be imported nowhere
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "cryptography": ("module_utils/_x509/",),
    "dns": ("module_utils/_dns/",),
    "lexicon": ("module_utils/_dns/",),
    "gssapi": ("module_utils/_dns/gss_library.py",),
    "idna": ("module_utils/_names/",),
    "publicsuffixlist": ("module_utils/_names/",),
    "acme": ("module_utils/_ca/acme/",),
    "josepy": ("module_utils/_ca/acme/",),
    "requests": ("module_utils/_ca/acme/", "module_utils/_dns/lexicon_library.py"),
    "jmespath": ("module_utils/_ca/rest/",),
    "yaml": ("module_utils/_ca/rest/",),
    "ansible.module_utils": ("module_utils/_module/", "plugin_utils/"),
    "jinja2": ("filter/",),  # what Ansible's filters are called by
    "ansible": ("action/", "filter/", "lookup/", "plugin_utils/"),  # these run on the controller
}
#: core's urls installs a process-wide opener on each call, so that threads mix up their cookies and client certificates
NEVER = {
    "ansible.module_utils.urls": "use _io/http",
    "importlib": "the packager of modules cannot see it: import by name",
}
#: all that ``_core`` and ``_data`` may have of the standard library: no clock, disk, network or randomness in it
PURE = set(
    "__future__ abc base64 binascii bisect calendar collections contextlib copy dataclasses datetime decimal difflib"
    " enum fractions functools gc graphlib hashlib heapq hmac html ipaddress itertools json math numbers operator re"
    " statistics string stringprep struct textwrap types typing unicodedata urllib.parse zlib".split()
)
CLOCK = "module_utils/_io/clock.py"
#: monotonic is no time of day: sockets may count with it
READS_THE_TIME = set(
    "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today"
    " time.time time.time_ns time.localtime time.gmtime time.ctime time.asctime time.strftime time.sleep".split()
)


class Source(t.NamedTuple):
    """One Python file: its path relative to the folder it was looked for in, and its syntax tree."""

    path: str
    tree: ast.Module


class Import(t.NamedTuple):
    """``name``: the full dotted name, for ``from a import b`` that is ``a.b``; ``line`` for the report."""

    name: str
    line: int


def read_sources(root: Path) -> list[Source]:
    return [
        Source(path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"), str(path)))
        for path in sorted(root.rglob("*.py"))
    ]


def imports_of(source: Source) -> list[Import]:
    """Also those inside functions and under TYPE_CHECKING: the packager of modules sends these along, too."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += [Import(f"{module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def room_of(path: str) -> str:
    """``modules/x.py`` -> ``modules``; ``module_utils/_core/x.py`` -> ``_core``."""
    parts = path.split("/")
    return parts[1] if parts[0] == "module_utils" else parts[0]


def own_module(path: str) -> str:
    """The module whose work an action does: the one of its name."""
    return COLLECTION + "plugins.modules." + path.rpartition("/")[2].removesuffix(".py")


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def arrow_errors(sources: t.Sequence[Source]) -> list[str]:
    """All wrong imports of a plugins/ tree, as sentences ``path:line: why``."""
    return [
        f"{source.path}:{one.line}: {why}"
        for source in sources
        for one in imports_of(source)
        for why in [import_error(source.path, one.name)]
        if why
    ]


def import_error(path: str, name: str) -> str | None:
    if name.startswith("."):
        return f"relative import of {name}: write the absolute name"
    for package, instead in NEVER.items():
        if is_within(name, package):
            return f"imports {package}: {instead}"
    if is_within(name, "ansible_collections"):
        return _room_error(path, name)
    if name.partition(".")[0] in sys.stdlib_module_names:
        return _standard_library_error(path, name)
    return _third_party_error(path, name)


def _room_error(path: str, name: str) -> str | None:
    room = room_of(path)
    if room not in MAY_IMPORT:
        return f"the room {room} is not on the plan: add it to MAY_IMPORT"
    if room == "action" and any(is_within(name, one) for one in (own_module(path), PLUGIN_UTILS, FILTERS)):
        return None
    if not name.startswith(UTILS):
        return f"imports {name}: only this collection's module_utils may be imported"
    other = name[len(UTILS) :].partition(".")[0]
    if other == room or other in MAY_IMPORT[room]:
        return None
    return f"{room} may not import {other}"


def _standard_library_error(path: str, name: str) -> str | None:
    if room_of(path) in BOTTOM and not any(is_within(name, pure) for pure in PURE):
        return f"{room_of(path)} is pure and may not import {name}"
    return None


def _third_party_error(path: str, name: str) -> str | None:
    for package, places in THIRD_PARTY.items():
        if is_within(name, package):
            return None if path.startswith(places) else f"only {', '.join(places)} may import {package}"
    return f"imports {name}, a package that no room may import"


def circle_errors(sources: t.Sequence[Source]) -> list[str]:
    """Every circle of imports among the files, once, as ``a -> b -> a``."""
    files = {COLLECTION + "plugins." + source.path[:-3].replace("/", "."): source for source in sources}
    arrows = {
        name: sorted({file for one in imports_of(source) for file in files if is_within(one.name, file)})
        for name, source in files.items()
    }
    done: set[str] = set()
    errors: list[str] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = (*way[way.index(name) :], name)
            errors.append(" -> ".join(step[len(COLLECTION) :] for step in circle))
        elif name not in done:
            for other in arrows[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in arrows:
        visit(name, ())
    return errors


def clock_errors(sources: t.Sequence[Source]) -> list[str]:
    """Who reads the time or sleeps without asking the clock, under whatever alias."""
    return [
        f"{source.path}:{node.lineno}: {ast.unparse(node)} is the business of the injected clock"
        for source in sources
        if source.path != CLOCK
        for aliases in [_aliases(source)]
        for node in ast.walk(source.tree)
        if isinstance(node, (ast.Attribute, ast.Name)) and _full_name(node, aliases) in READS_THE_TIME
    ]


def _aliases(source: Source) -> dict[str, str]:
    names = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _full_name(node: ast.expr, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, aliases)}.{node.attr}"
    return aliases.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def hidden_import_errors(sources: t.Sequence[Source]) -> list[str]:
    return [
        f"{source.path}:{node.lineno}: {node.id} hides an import from this test and from the packager of modules"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id in {"__import__", "exec", "eval"}
    ]


def size_errors(sources: t.Sequence[Source]) -> list[str]:
    return [
        f"{source.path}:{node.lineno}: {node.name} has {lines} lines, {limit} are possible"
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for lines in [(node.end_lineno or 0) - node.lineno + 1]
        for limit in [MAX_MAIN_LINES if node.name == "main" else MAX_FUNCTION_LINES]
        if lines > limit
    ]


def stranger_errors(sources: t.Sequence[Source]) -> list[str]:
    """The lab, and all that starts real servers, stand outside: a simulator with our parser repeats our mistakes.

    A test itself may import what it tests.
    """
    return [
        f"{source.path}:{one.line}: imports {one.name}: nothing of the collection may be imported here"
        for source in sources
        if not source.path.rpartition("/")[2].startswith("test_")
        for one in imports_of(source)
        if is_within(one.name, "ansible_collections") or is_within(one.name, "plugins") or "inkan" in one.name
    ]


# --- this repository keeps the rules ---


@pytest.fixture(scope="module")
def plugins() -> list[Source]:
    sources = read_sources(REPOSITORY / "plugins")
    assert len(sources) > 5, "the plugins were not found"
    return sources


@pytest.mark.parametrize("check", [arrow_errors, circle_errors, clock_errors, hidden_import_errors, size_errors])
def test_plugins_keep_the_rule(check: t.Callable[[t.Sequence[Source]], list[str]], plugins: list[Source]) -> None:
    assert check(plugins) == []


@pytest.mark.parametrize("folder", ["tests/lab", "tests/plays", "tests/real"])
def test_outsiders_import_nothing_of_the_collection(folder: str) -> None:
    """But for the tests themselves, which may drive one adapter directly against a real server."""
    sources = [one for one in read_sources(REPOSITORY / folder) if not one.path.startswith("test_")]
    assert stranger_errors(sources) == []


def test_every_room_is_on_the_plan(plugins: list[Source]) -> None:
    assert {room_of(source.path) for source in plugins} <= set(MAY_IMPORT)


# --- and each rule can fail ---


def tree(**files: str) -> list[Source]:
    """``module_utils___core__x="import os"`` is the file module_utils/_core/x.py ("__" stands for a slash)."""
    return [Source(name.replace("__", "/") + ".py", ast.parse(text)) for name, text in files.items()]


def ours(room_and_file: str) -> str:
    return f"from {UTILS}{room_and_file} import thing"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("module_utils/_core/x", ours("_io.clock"), id="core climbs to the middle floor"),
        pytest.param("module_utils/_data/x", ours("_core.names"), id="data climbs to core"),
        pytest.param("module_utils/_io/x", ours("_module.runner"), id="the middle floor climbs to _module"),
        pytest.param("module_utils/_ca/x", ours("_dns.contract"), id="a CA adapter meets DNS"),
        pytest.param("module_utils/_dns/x", ours("_ca.contract"), id="a DNS service meets the CA"),
        pytest.param("module_utils/_ca/x", ours("_x509.keys"), id="a CA adapter meets its neighbour"),
        pytest.param("module_utils/_io/x", ours("_x509.keys"), id="effects know no certificates"),
        pytest.param("filter/x", ours("_io.store"), id="a filter has effects"),
        pytest.param("action/x", f"import {COLLECTION}plugins.modules.y", id="an action does the work of another"),
        pytest.param("doc_fragments/x", ours("_core.names"), id="documentation imports code"),
        pytest.param("strange/x", ours("_core.names"), id="a room that nobody planned"),
        pytest.param("modules/x", f"import {COLLECTION}plugins.modules.dcv_plan", id="a module imports a module"),
        pytest.param("modules/x", "from ansible_collections.community.dns.plugins import y", id="another collection"),
        pytest.param(
            "modules/x", "from ansible.module_utils.basic import AnsibleModule", id="a module builds AnsibleModule"
        ),
        pytest.param("module_utils/_module/x", "from ansible.module_utils.urls import open_url", id="core's urls"),
        pytest.param("module_utils/_io/x", "import cryptography.x509", id="cryptography outside _x509"),
        pytest.param("module_utils/_ca/x", "from dns import resolver", id="dnspython outside _dns"),
        pytest.param("module_utils/_core/x", "import idna", id="idna outside _names"),
        pytest.param("modules/x", "import publicsuffixlist", id="publicsuffixlist outside _names"),
        pytest.param("module_utils/_ca/digicert", "import acme.client", id="acme outside its adapter"),
        pytest.param("module_utils/_io/http", "import requests", id="requests outside the ACME adapter"),
        pytest.param("module_utils/_core/x", "import jmespath", id="jmespath outside the REST adapter"),
        pytest.param("module_utils/_io/x", "import yaml", id="a package that no room may import"),
        pytest.param("module_utils/_core/x", "import os.path", id="core sees the disk"),
        pytest.param("module_utils/_core/x", "from urllib import request", id="core sees the network"),
        pytest.param("module_utils/_core/x", "import secrets", id="core throws dice"),
        pytest.param("module_utils/_data/x", "import sqlite3", id="data opens a database"),
        pytest.param("module_utils/_core/x", "from time import monotonic", id="core counts seconds"),
        pytest.param("modules/x", "from importlib import import_module", id="import by name"),
        pytest.param("modules/x", "from ..module_utils._core import names", id="a relative import"),
        pytest.param("module_utils/_core/x", "def f():\n    import socket", id="an import inside a function"),
        pytest.param(
            "module_utils/_core/x",
            f"import typing as t\nif t.TYPE_CHECKING:\n    {ours('_io.clock')}",
            id="an import for the type checker",
        ),
        pytest.param(
            "module_utils/_core/x", "try:\n    import os\nexcept ImportError:\n    pass", id="an import that may fail"
        ),
    ],
)
def test_a_wrong_import_is_reported(path: str, text: str) -> None:
    assert len(arrow_errors(tree(**{path: text}))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("modules/x", ours("_module.runner") + "\n" + ours("_io.store") + "\n" + ours("_core.errors")),
        ("module_utils/_ca/acme/client", "import acme.client\nimport josepy\nimport requests\n" + ours("_io.http")),
        ("module_utils/_x509/keys", "from cryptography.hazmat.primitives import hashes\nimport os"),
        ("module_utils/_io/http", "import time\ntime.monotonic()"),
        ("module_utils/_core/x", "import urllib.parse\nfrom datetime import datetime\n" + ours("_core.names")),
        ("module_utils/_module/x", "from ansible.module_utils.basic import AnsibleModule"),
        ("filter/x", "from ansible.errors import AnsibleFilterError\n" + ours("_names.idna")),
        ("filter/x", ours("_report.page")),
    ],
)
def test_a_right_import_is_not_reported(path: str, text: str) -> None:
    assert arrow_errors(tree(**{path: text})) == []


def test_a_circle_is_reported_once() -> None:
    circle = tree(
        module_utils___core__a=ours("_core.b"),
        module_utils___core__b=f"def f():\n    {ours('_core.c')}",
        module_utils___core__c=f"import {UTILS}_core.a",
    )
    assert len(circle_errors(circle)) == 1
    assert circle_errors(circle[:2]) == []


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\ndatetime.now()",
        "from datetime import datetime as D\nx = D.utcnow",
        "import datetime\ndatetime.datetime.now(tz)",
        "import datetime as dt\ndt.date.today()",
        "from datetime import date\ndef f():\n    return date.today()",
        "import time\ntime.time()",
        "import time\ntime.sleep(1)",
        "from time import time as now\nnow()",
    ],
)
def test_a_look_at_the_time_is_reported(text: str) -> None:
    assert len(clock_errors(tree(module_utils___io__x=text))) == 1
    assert clock_errors(tree(module_utils___io__clock=text)) == []


def test_asking_the_injected_clock_is_not_reported() -> None:
    assert clock_errors(tree(modules__x="def f(clock):\n    return clock.now()")) == []


@pytest.mark.parametrize("text", ["__import__('os')", "exec('import os')", "eval('1')"])
def test_a_hidden_import_is_reported(text: str) -> None:
    assert len(hidden_import_errors(tree(modules__x=text))) == 1


def test_a_long_function_is_reported() -> None:
    def function(name: str, lines: int) -> list[Source]:
        return tree(modules__x=f"def {name}():\n" + "    pass\n" * (lines - 1))

    assert size_errors(function("work", MAX_FUNCTION_LINES)) == []
    assert len(size_errors(function("work", MAX_FUNCTION_LINES + 1))) == 1
    assert size_errors(function("main", MAX_MAIN_LINES)) == []
    assert len(size_errors(function("main", MAX_MAIN_LINES + 1))) == 1


def test_an_outsider_that_imports_the_collection_is_reported() -> None:
    assert len(stranger_errors(tree(lab__x=ours("_core.names")))) == 1
    assert len(stranger_errors(tree(lab__x="import plugins.module_utils._core.names"))) == 1
    assert stranger_errors(tree(lab__x="import dns.message")) == []
    assert stranger_errors(tree(real__test_x=ours("_core.names"))) == []
