# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""extensions/eda: sources and rulebooks held to each other and to what there is; and the sources start where nobody
knows collections. What they look at and tell is tested in test_watching.py, the rulebooks by ansible-rulebook in the
journeys."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._module.watching_ledger import Doors, Ledger  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._module.watching_mailbox import Mails  # noqa: E402
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info, dcv_plan  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402

EDA = REPOSITORY / "extensions" / "eda"
SOURCES = {path.stem: path for path in sorted((EDA / "plugins" / "event_source").glob("*.py"))}
RULEBOOKS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted((EDA / "rulebooks").glob("*.yml"))}
TYPES = {"ledger": {"due", "pending", "issued", "trouble"}, "mailbox": {"mail", "trouble"}}
DOORS = Doors(certificate_orders_info.run, certificate_orders_info.argument_spec, dcv_plan.run, dcv_plan.argument_spec)
TAKERS: dict[str, t.Callable[[dict[str, t.Any]], t.Any]] = {
    "ledger": lambda args: Ledger(args, DOORS),
    "mailbox": Mails,
}

each_source = pytest.mark.parametrize("name", SOURCES)
each_rulebook = pytest.mark.parametrize("name", RULEBOOKS)


def documented(name: str) -> dict[str, t.Any]:
    """Of the file itself: where Ansible finds collections, ``runpy`` opens nothing below their folder."""
    spec = importlib.util.spec_from_file_location(f"event_source_{name}", SOURCES[name])
    assert spec is not None and spec.loader is not None
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    return t.cast("dict[str, t.Any]", yaml.safe_load(source.DOCUMENTATION))


def codes(name: str, args: dict[str, t.Any]) -> set[str]:
    try:
        TAKERS[name](args)
    except InputErrors as errors:
        return {error.code for error in errors.errors}
    return set()


@each_source
def test_every_documented_option_is_taken_and_no_other(name: str) -> None:
    assert set(SOURCES) == set(TAKERS)
    options = documented(name)["options"]
    unknown = codes(name, {"no_such_option": 1}) - codes(name, {})
    assert unknown, "an option that there is not is refused"
    assert not unknown & codes(name, dict.fromkeys(options))
    text = (REPOSITORY / "plugins/module_utils/_module" / f"watching_{name}.py").read_text("utf-8")
    taken = set(re.findall(r"fields\.\w+\(\s*\"(\w+)\"", text)) | {"delay"}
    assert taken <= set(options) <= taken | {"renewal", "ca_accounts", "products", "sellers", "organizations"}


@each_source
def test_the_defaults_are_those_of_the_code(name: str) -> None:
    text = (REPOSITORY / "plugins/module_utils/_module" / f"watching_{name}.py").read_text("utf-8")
    said = {key: one["default"] for key, one in documented(name)["options"].items() if "default" in one}
    found = {key: int(value) for key, value in re.findall(r"fields\.number\(\"(\w+)\", (\d+),", text)}
    assert said == {"delay": 60, **found}


@each_rulebook
def test_a_rulebook_names_sources_options_events_and_playbooks_that_there_are(name: str) -> None:
    (ruleset,) = RULEBOOKS[name]
    (source,) = ruleset["sources"]
    ((kind, args),) = [(key, value) for key, value in source.items() if key != "name"]
    assert kind.startswith("inkan.tls.")
    kind = kind.rpartition(".")[2]
    assert set(args) <= set(documented(kind)["options"])
    assert ruleset["execution_strategy"] == "sequential", "two playbooks of one rulebook would only wait for each other"
    heard: set[str] = set()
    for rule in ruleset["rules"]:
        heard |= set(re.findall(r'"(\w+)"', rule["condition"]))
        played = rule["action"].get("run_playbook", {}).get("name", "inkan.tls.plan")
        assert (REPOSITORY / "playbooks" / f"{played.rpartition('.')[2]}.yml").is_file()
    assert heard == TYPES[kind], "no event is passed over in silence"


def test_the_sources_start_side_by_side_where_nobody_knows_collections(tmp_path: Path) -> None:
    """As ansible-rulebook starts them: by their paths, one after the other, in a process that has Ansible, no more."""
    root = tmp_path / "ansible_collections" / "inkan"
    root.mkdir(parents=True)
    (root / "tls").symlink_to(REPOSITORY)
    folder = root / "tls" / "extensions" / "eda" / "plugins" / "event_source"
    script = (
        "import asyncio, runpy, sys\n"
        "for path in sys.argv[1:]:\n"
        "    main = runpy.run_path(path)['main']\n"
        "    try:\n"
        "        asyncio.run(main(None, {'delay': 0}))\n"
        "    except Exception as error:\n"
        "        print(type(error).__name__, 'delay' in str(error))\n"
    )
    paths = [str(folder / f"{name}.py") for name in [*SOURCES, "ledger"]]
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["InputErrors True"] * 3, done.stderr
