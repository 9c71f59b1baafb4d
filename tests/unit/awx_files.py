# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""extensions/awx as Ansible reads it: lists with their templates filled in, credential types as AWX injects them."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import jinja2.sandbox
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY

AWX = REPOSITORY / "extensions" / "awx"
PROJECT = AWX / "project"
FETCHED = REPOSITORY / ".cache" / "awx"
Entry = dict[str, t.Any]
#: each list of controller/ and the module of awx.awx that its items are for
MODULES_OF_LISTS = {
    "controller_credential_types": "credential_type",
    "controller_execution_environments": "execution_environment",
    "controller_credentials": "credential",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_notifications": "notification_template",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}


def know_collections() -> None:
    """Lookups by their full name are found by Ansible's own finder."""
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([])


def loaded(path: Path) -> t.Any:
    return DataLoader().load_from_file(str(path), trusted_as_template=True)


def group_vars() -> Entry:
    return {
        key: one
        for path in sorted((PROJECT / "inventory/group_vars/all").glob("*.yml"))
        for key, one in loaded(path).items()
    }


def filled(value: t.Any, variables: Entry) -> t.Any:
    """With every template filled in, as plain values."""
    know_collections()
    return plain(Templar(DataLoader(), variables=variables).template(value))


def plain(value: t.Any) -> t.Any:
    if isinstance(value, t.Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


@functools.lru_cache(maxsize=1)
def controller() -> Entry:
    """Every list of controller/, filled in."""
    said: Entry = {}
    for path in sorted((AWX / "controller").glob("*.yml")):
        said.update(loaded(path))
    variables = {**said, "inkan_certificates": group_vars()["inkan_certificates"]}
    return {key: filled(one, variables) for key, one in said.items() if key.startswith("controller_")}


def types_by_name() -> dict[str, Entry]:
    return {one["name"]: one for one in controller()["controller_credential_types"]}


def named(kind: str) -> dict[str, Entry]:
    return {one["name"]: one for one in controller()[kind]}


def injected(credential_type: Entry, inputs: t.Mapping[str, str], folder: Path) -> tuple[dict[str, str], Entry]:
    """What a job gets of a credential: environment and extra variables; files are written. A field that is left out is
    an empty text."""
    sandbox = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    injectors = credential_type["injectors"]
    fields = {field["id"]: inputs.get(field["id"], "") for field in credential_type["inputs"]["fields"]}
    names: t.Any = {}
    for key, template in injectors.get("file", {}).items():
        label = key.partition(".")[2]
        path = folder / f"{credential_type['name'].replace(' ', '_')}-{label or 'file'}"
        path.write_text(sandbox.from_string(template).render(**fields), encoding="utf-8")
        if label:
            names[label] = str(path)
        else:
            names = str(path)
    known = {**fields, "tower": {"filename": names}}

    def rendered(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {rendered(key): rendered(one) for key, one in value.items()}
        return sandbox.from_string(value).render(**known)

    return rendered(injectors.get("env", {})), rendered(injectors.get("extra_vars", {}))


_SPECS = """
import importlib, json, sys
from ansible_collections.awx.awx.plugins.module_utils.controller_api import ControllerAPIModule

class Taken(Exception):
    pass

def take(self, argument_spec, **words):
    raise Taken(argument_spec)

ControllerAPIModule.__init__ = take
found = {}
for name in sys.argv[1:]:
    module = importlib.import_module("ansible_collections.awx.awx.plugins.modules." + name)
    try:
        module.main()
    except Taken as taken:
        found[name] = [taken.args[0], module.DOCUMENTATION]
print(json.dumps(found))
"""


@functools.lru_cache(maxsize=1)
def modules_of_awx() -> dict[str, tuple[Entry, Entry]]:
    """Name to the argument spec, as the module itself would use it, and its documented options. In a process of its
    own, for awx.awx is no collection that others here should find."""
    environment = {**os.environ, "PYTHONPATH": str(FETCHED), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", _SPECS, *MODULES_OF_LISTS.values()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=FETCHED)
    found = json.loads(done.stdout)
    return {name: (spec, yaml.safe_load(documentation)["options"]) for name, (spec, documentation) in found.items()}


def is_fetched() -> bool:
    with contextlib.suppress(OSError):
        return (FETCHED / "stamp").is_file()
    return False
