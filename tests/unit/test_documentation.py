# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation is held to the code: options, examples, returned keys, error codes, and the lists in the README."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import typing as t

import pytest

yaml = pytest.importorskip("yaml")

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator  # noqa: E402
from ansible_collections.inkan.tls.plugins.filter.names import FilterModule  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import read_policy  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import read_wishes  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import parse_services  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import (  # noqa: E402
    MODULES,
    REPOSITORY,
    Entry,
    module_named,
    options_of,
    returns_of,
    undocumented,
)

PLUGINS = REPOSITORY / "plugins"
ERRORS_PAGE = REPOSITORY / "docs" / "docsite" / "rst" / "errors.rst"
DESCRIPTION = REPOSITORY / "docs" / "examples" / "labssl.yml"

every_module = pytest.mark.parametrize("name", MODULES)


# --- options


def differences(options: Entry, spec: Entry, path: str = "") -> t.Iterator[str]:
    for name in sorted(set(options) ^ set(spec)):
        yield f"{path}{name} is {'not documented' if name in spec else 'documented and not there'}"
    for name in sorted(set(options) & set(spec)):
        told, real = options[name], spec[name]
        for word in ("type", "elements", "choices", "default"):
            if told.get(word) != real.get(word):
                yield f"{path}{name}: {word} is {real.get(word)!r}, documented is {told.get(word)!r}"
        if told.get("required", False) != real.get("required", False):
            yield f"{path}{name}: required is {real.get('required', False)}"
        if "options" in real:
            yield from differences(told.get("suboptions", {}), real["options"], f"{path}{name}.")


@every_module
def test_the_documented_options_are_those_of_the_argument_spec(name: str) -> None:
    module = module_named(name)
    assert list(differences(options_of(module), module.argument_spec())) == []


def test_the_comparison_finds_what_differs() -> None:
    spec = {"a": {"type": "int", "default": 1}, "b": {"type": "dict", "options": {"c": {"type": "str"}}}}
    same = {"a": {"type": "int", "default": 1}, "b": {"type": "dict", "suboptions": {"c": {"type": "str"}}}}
    assert list(differences(same, spec)) == []
    assert len(list(differences({**same, "d": {}}, spec))) == 1
    assert len(list(differences({"a": {"type": "str"}, "b": {"type": "dict", "required": True}}, spec))) == 4


def known_fields(read: t.Callable[[t.Any, InputCollector], object], *path: str) -> set[str]:
    """What the reader of a dictionary says it knows, when it is given something else at ``path``."""
    raw: t.Any = {"no such field": 1}
    for key in reversed(path):
        raw = {key.removesuffix("[]"): [raw] if key.endswith("[]") else raw}
    errors = InputCollector()
    read(raw, errors)
    (todo,) = [error.todo for error in errors.errors if error.code == "unknown_field"]
    return set(re.sub(r"^Known are: |\.$", "", todo).split(", "))


@pytest.mark.parametrize(
    "path",
    ["", "validation", "validation.contact", "key", "deploy", "deploy.copies[]", "deploy.post_check", "paths"],
)
def test_the_documented_fields_of_a_certificate_are_those_that_are_read(path: str) -> None:
    keys = path.split(".") if path else []
    documented = options_of(module_named("dcv_plan"))["certificates"]
    for key in keys:
        documented = documented["suboptions"][key.removesuffix("[]")]
    read = known_fields(lambda raw, errors: read_wishes([raw], errors), *keys)
    assert set(documented["suboptions"]) == read


def test_the_documented_fields_of_renewal_are_those_that_are_read() -> None:
    documented = options_of(module_named("dcv_plan"))["renewal"]["suboptions"]
    assert set(documented) == known_fields(read_policy)


# --- examples


def example_tasks(name: str) -> list[tuple[str, Entry]]:
    """The tasks of the examples that call the module: title and options."""
    tasks = yaml.safe_load(module_named(name).EXAMPLES)
    assert all(task.get("name") for task in tasks), "a task has no name"
    return [(task["name"], task[f"inkan.tls.{name}"] or {}) for task in tasks if f"inkan.tls.{name}" in task]


def filled_in(value: t.Any, spec: Entry) -> t.Any:
    """Templates replaced by something of the type that is wanted."""
    if isinstance(value, str) and "{{" in value:
        kind = "dict" if "options" in spec and spec.get("type") == "dict" else spec.get("type", "str")
        return {"dict": {}, "list": [], "int": 1, "bool": False, "raw": {}}.get(kind, "/some/text")
    inner = spec.get("options")
    if isinstance(value, dict) and inner:
        return {key: filled_in(one, inner.get(key, {})) for key, one in value.items()}
    if isinstance(value, list):
        return [filled_in(one, {"type": spec.get("elements", "raw"), "options": inner}) for one in value]
    return value


def call_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """What ``main`` of a module hands to the doorman."""
    given: Entry = {}
    module = module_named(name)
    monkeypatch.setattr(module, "run_module", lambda **words: given.update(words))
    module.main()
    return given


@every_module
def test_the_examples_are_accepted_by_the_argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call = call_of(name, monkeypatch)
    spec = call.pop("argument_spec")
    rules = {key: call[key] for key in call if key.startswith(("mutually_", "required_"))}
    tasks = example_tasks(name)
    assert tasks
    for title, options in tasks:
        given = {key: filled_in(value, spec.get(key, {})) for key, value in options.items()}
        assert ArgumentSpecValidator(spec, **rules).validate(given).error_messages == [], title


def test_the_certificates_of_the_examples_are_read_without_an_error() -> None:
    for title, options in example_tasks("dcv_plan"):
        errors = InputCollector()
        if isinstance(options["certificates"], list):
            read_wishes(options["certificates"], errors)
        read_policy(options.get("renewal"), errors)
        assert [error.sentence() for error in errors.errors] == [], title


def written_examples() -> t.Iterator[tuple[str, Entry]]:
    """The examples of modules, of the README and of the pages: where, and with what."""
    for name in MODULES:
        yield from ((f"{name}: {title}", options) for title, options in example_tasks(name))
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for inventory in re.findall(r"^```yaml\n(# inventory.*?)^```", readme, re.MULTILINE | re.DOTALL):
        yield "README.md", yaml.safe_load(inventory)["all"]["vars"]
    for path in sorted(ERRORS_PAGE.parent.glob("*.rst")):
        for kind, block in yaml_blocks(path.read_text(encoding="utf-8")):
            yield path.name, block["all"]["vars"] if kind == "inventory" else block


def yaml_blocks(page: str) -> t.Iterator[tuple[str, t.Any]]:
    """Every YAML block of a page, whatever it stands below: ``inventory`` or ``variables``, and its content."""
    pattern = r"^( *)\.\. code-block:: yaml\n\n((?:(?:\1 +.*)?\n)+)"
    for _indent, text in re.findall(pattern, page, re.MULTILINE):
        block = yaml.safe_load(textwrap.dedent(text))
        is_inventory = isinstance(block, dict) and isinstance(block.get("all"), dict) and "vars" in block["all"]
        yield "inventory" if is_inventory else "variables", block


def without_templates(value: t.Any, key: str = "") -> t.Any:
    """Templates replaced by something of the kind that is wanted there."""
    if isinstance(value, dict):
        return {name: without_templates(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [without_templates(one, key) for one in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    if value.endswith("| int }}"):
        return 8443
    return {"directory": "https://ca.example/directory", "address": "192.0.2.1"}.get(key, "/some/text")


def services_in(options: Entry, kind: str) -> dict[str, tuple[Entry, Entry]]:
    """Entries of ``ca_accounts`` or ``dns_services`` with their secrets, templates replaced."""
    text = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"
    given = options.get(kind) or options.get(f"inkan_{kind}") or {}
    found = {}
    for name, entry in given.items() if isinstance(given, dict) else ():
        plain = {key: value for key, value in entry.items() if key != "secrets"}
        secrets = entry.get("secrets") or (options.get("secrets") or {}).get(name) or {}
        settings = {
            key: without_templates(value, key)
            if key in ("directory", "ca_bundle")
            else text
            if "{{" in str(value)
            else value
            for key, value in plain.get("settings", {}).items()
        }
        found[name] = {**plain, "settings": settings}, dict.fromkeys(secrets, text + "=")
        found[name][1].update({key: value for key, value in secrets.items() if "{{" not in str(value)})
    return found


def test_accounts_and_services_of_the_examples_have_settings_without_an_error() -> None:
    seen = set()
    factories = adapter_factories(clock=SystemClock(), new_private_key=lambda _kind: b"")
    for where, options in written_examples():
        for name, (account, secrets) in services_in(options, "ca_accounts").items():
            if "description" in account["settings"]:
                account["settings"]["description"] = DESCRIPTION.read_text(encoding="utf-8")
            config = AccountConfig(name, account["adapter"], account["settings"], secrets, "/nowhere")
            assert factories[account["adapter"]].settings_errors(config) == [], where
            seen.add(where)
        services = services_in(options, "dns_services")
        errors = InputCollector()
        parse_services(
            {name: entry for name, (entry, _secrets) in services.items()},
            {name: secrets for name, (_entry, secrets) in services.items()},
            errors,
        )
        assert [error.sentence() for error in errors.errors] == [], where
        seen.update([where] if services else [])
    assert seen >= {
        "README.md",
        "adapter_acme.rst",
        "adapter_rest.rst",
        "dns_rfc2136.rst",
        "dns_tokens: Publish two challenge records",
    }


def test_the_certificates_of_readme_and_pages_can_be_ordered() -> None:
    """By the rules of a day, at a seller that is described as the lab's is."""
    seen = set()
    for where, options in written_examples():
        certificates = without_templates(options.get("inkan_certificates", []))
        accounts = {name: account for name, (account, _secrets) in services_in(options, "ca_accounts").items()}
        for account in accounts.values():
            if "description" in account["settings"]:
                account["settings"]["description"] = DESCRIPTION.read_text(encoding="utf-8")
        if certificates:
            wish = {
                "certificates": certificates,
                "ca_accounts": without_templates(accounts),
                "organizations": options.get("inkan_organizations", {}),
                "renewal": options.get("inkan_renewal", {}),
                "as_of": "2026-11-20",
            }
            result = module_named("dcv_plan").run(wish, False)
            found = {item.name: item.error and item.error.sentence() for item in result.items}
            assert set(found.values()) == {None}, f"{where}: {found}"
            seen.update((where, name) for name in found)
    assert seen >= {("README.md", "shop"), ("README.md", "www"), ("guide_reseller.rst", "corp")}
    pages = {where for where, _name in seen}
    assert pages >= {
        f"guide_{name}.rst" for name in "jprs cpi iij idcf digicert globalsign cybertrust acme off_mail".split()
    }
    assert ("guide_ten_minutes.rst", "first") in seen
    assert {name for where, name in seen if where == "guide_reseller_ja.rst"} == {
        name for where, name in seen if where == "guide_reseller.rst"
    }


# --- returned keys: beside these, each unit test that runs a module checks what it returns (documented.watch_modules)


@every_module
def test_the_samples_are_what_the_documentation_says(name: str) -> None:
    def lines(entry: Entry, path: str) -> t.Iterator[str]:
        for key, inner in (entry.get("contains") or {}).items():
            if "sample" in inner:
                yield from undocumented(inner["sample"], inner, f"{path}.{key}")
            yield from lines(inner, f"{path}.{key}")

    assert list(lines({"contains": returns_of(module_named(name))}, "RETURN")) == []


@every_module
def test_every_module_returns_the_keys_of_the_batch_contract(name: str) -> None:
    contains = returns_of(module_named(name))["results"]["contains"]
    assert {"name", "changed", "outcome", "state", "error"} <= set(contains)
    assert not {"failed", "skipped", "unreachable"} & set(contains)


@every_module
def test_what_a_module_returns_in_unit_tests_is_watched(name: str) -> None:
    assert hasattr(module_named(name).run, "__wrapped__")


def test_an_undocumented_result_is_found() -> None:
    entry = {"type": "list", "elements": "dict", "contains": {"a": {"type": "int"}, "b": {"type": "bool"}}}
    assert undocumented([{"a": 1, "b": None}], entry, "x") == []
    assert undocumented([{"a": "1"}], entry, "x") == ["x[].a is '1', no int"]
    assert undocumented([{"a": True}], entry, "x") == ["x[].a is True, no int"]
    assert undocumented([{"c": 1}], entry, "x") == ["x[].c is not documented"]


# --- error codes


def test_the_page_of_errors_is_that_of_the_code() -> None:
    script = REPOSITORY / "scripts" / "write_errors_page.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_code_that_is_written_out_is_on_the_page() -> None:
    """By a plainer look than the script's."""
    listed = set(re.findall(r"^   \* - ``(\S+)``$", ERRORS_PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for path in sorted(PLUGINS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                assert node.value.value in listed, f"{path}:{node.value.lineno}"


# --- lists


def test_the_readme_lists_every_module_playbook_and_public_filter() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    lists = re.findall(r"^## (?:Playbooks|Modules|Filters)$.*?(?=^## )", readme, re.MULTILINE | re.DOTALL)
    rows = set(re.findall(r"^\| `(\w+)` \|", "".join(lists), re.MULTILINE))
    playbooks = {path.stem for path in (REPOSITORY / "playbooks").glob("*.yml")}
    assert rows == {*MODULES, *playbooks, *FilterModule().filters()}


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = yaml.safe_load((REPOSITORY / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))
    listed = [page for section in contents["sections"] for page in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in (REPOSITORY / "docs/docsite/rst").glob("*.rst"))


@pytest.mark.parametrize("page", ["guide_validation_files", "guide_validation_files_ja"])
@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_the_fragments_of_web_servers_are_those_that_are_tried(page: str, server: str) -> None:
    text = (ERRORS_PAGE.parent / f"{page}.rst").read_text(encoding="utf-8")
    fragment = (REPOSITORY / "docs" / "examples" / f"{server}-validation-files.conf").read_text(encoding="utf-8")
    assert "".join(f"   {line}".rstrip() + "\n" for line in fragment.splitlines()) in text
