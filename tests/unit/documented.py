# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of a module says, and whether a result is what it says.

``watch_modules`` lets every unit test that calls a module's ``run`` check this, too.
"""

from __future__ import annotations

import functools
import importlib
import re
import types
import typing as t
from pathlib import Path

import yaml
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))
PACKAGE = "ansible_collections.inkan.tls.plugins"

Entry = dict[str, t.Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (dict,),
    "raw": (object,),
}


def module_named(name: str) -> types.ModuleType:
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def options_of(module: types.ModuleType) -> Entry:
    """Its options with those of the fragments that it extends."""
    documentation = yaml.safe_load(module.DOCUMENTATION)
    options: Entry = {}
    for fragment in documentation.get("extends_documentation_fragment", []):
        name, _dot, variant = fragment.replace("inkan.tls.", "", 1).partition(".")
        owner = importlib.import_module(f"{PACKAGE}.doc_fragments.{name}").ModuleDocFragment
        options.update(yaml.safe_load(getattr(owner, variant.upper() or "DOCUMENTATION")).get("options") or {})
    return {**options, **documentation.get("options", {})}


def returns_of(module: types.ModuleType) -> Entry:
    """Its return keys; ``results`` that name another module's have those keys, too."""
    returns: Entry = yaml.safe_load(module.RETURN)
    results = returns["results"]
    for other in re.findall(r"RV\(inkan\.tls\.(\w+)#module:results\)", str(results["description"])):
        results["contains"] = {**returns_of(module_named(other))["results"]["contains"], **results["contains"]}
    return returns


def undocumented(value: t.Any, entry: Entry, path: str) -> list[str]:
    """Where a returned value is not what the documentation says."""
    if value is None or value == KNOWN_AFTER_ORDER:
        return []
    if not isinstance(value, _TYPES[entry["type"]]) or (
        isinstance(value, bool) and entry["type"] not in ("bool", "raw")
    ):
        return [f"{path} is {value!r}, no {entry['type']}"]
    if isinstance(value, (list, tuple)):
        inner = {"type": entry["elements"], "contains": entry.get("contains")}
        return [line for one in value for line in undocumented(one, inner, f"{path}[]")]
    known = entry.get("contains") if isinstance(value, dict) else None
    if not known:
        return []
    found = [f"{path}.{key} is not documented" for key in value if key not in known]
    return found + [
        line for key, one in value.items() if key in known for line in undocumented(one, known[key], f"{path}.{key}")
    ]


def watch_modules() -> None:
    """From now on ``run`` of every module refuses to return what is not documented. Before tests import it."""
    for name in MODULES:
        try:
            module: t.Any = module_named(name)
        except ImportError:  # a library is missing; the tests of this module are skipped for it
            continue
        if not hasattr(module.run, "__wrapped__"):
            module.run = _watched(module.run, returns_of(module))


def _watched(run: t.Callable[..., t.Any], returns: Entry) -> t.Callable[..., t.Any]:
    @functools.wraps(run)
    def watched(*arguments: t.Any, **options: t.Any) -> t.Any:
        result = run(*arguments, **options)
        data = {**result.extra, "results": [item.as_data() for item in result.items]}
        known = {"type": "dict", "contains": returns}
        found = undocumented(data, known, "RETURN")
        assert not found, "\n".join(sorted(set(found)))
        return result

    return watched
