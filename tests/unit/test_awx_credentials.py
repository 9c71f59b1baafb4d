# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credential types of extensions/awx: complete, as AWX takes them, and what they inject is read by our own readers."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from pathlib import Path

import pytest

pytest.importorskip("ansible.template")
yaml = pytest.importorskip("yaml")

from ansible_collections.inkan.tls.plugins.filter.run import only_secrets, without_secrets  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS, adapter_factories  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import SERVICES, read_channels  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES, parse_services  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._mail.oauth import _KEYS as OAUTH_SERVICES  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import settings_errors  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.awx_files import (  # noqa: E402
    PROJECT,
    Entry,
    filled,
    group_vars,
    injected,
    loaded,
    types_by_name,
)
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402

TYPES = types_by_name()
DESCRIPTION = REPOSITORY / "docs/examples/labssl.yml"
MAPS = ("inkan_ca_accounts", "inkan_dns_services", "inkan_mailboxes", "inkan_notifications")
#: what AWX's own schema of a custom type knows (awx-and-mail 1.4)
FIELD_KEYS = {"id", "label", "type", "format", "choices", "help_text", "multiline", "secret", "default"}
REFUSED_ENVIRONMENT = re.compile(r"ANSIBLE_.*|PATH|PYTHONPATH|VIRTUAL_ENV|JOB_ID|(AWX|TOWER|CONTROLLER)_.*|HOME|USER")
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMadeUpMadeUpMadeUp\n-----END PRIVATE KEY-----"
KEYTAB = base64.encodebytes(b"\x05\x02" + b"made up" * 12).decode()
#: inputs by field; whatever is not here is a text of its own
SAMPLES = {
    "eab_hmac_key": "bWFkZS11cC1lYWItaG1hYy1rZXktMzItb2N0ZXRzLWxvbmc",
    "key_secret": "bWFkZS11cC10c2lnLXNlY3JldA==",
}
SAMPLES |= {"keytab": KEYTAB, "user_name": "PAR12345_user", "url": "https://hooks.example.jp/T0/made-up"}
SAMPLES |= {
    "principal": "inkan@CORP.EXAMPLE.JP",
    "key_name": "inkan",
    "host": "ledger.example.jp",
    "user": "certs@example.jp",
}

each_type = pytest.mark.parametrize("name", sorted(TYPES))


def inputs_of(credential_type: Entry) -> dict[str, str]:
    def sample(field: Entry) -> str:
        if field.get("multiline") and field["id"] not in SAMPLES:
            return PEM
        return SAMPLES.get(
            field["id"], f"made-up-{field['id']}-{{{{7*6}}}}" if field.get("secret") else f"made-up-{field['id']}"
        )

    return {field["id"]: sample(field) for field in credential_type["inputs"]["fields"]}


def said_by_the_project() -> Entry:
    said = group_vars()
    return t.cast(Entry, filled({key: said[key] for key in MAPS}, said))


@pytest.fixture
def attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., Entry]:
    """Puts credentials on this job: the environment is set, extra variables are returned."""

    def attach(*names: str) -> Entry:
        extra: Entry = {}
        for name in names:
            environment, variables = injected(TYPES[name], inputs_of(TYPES[name]), tmp_path)
            for key, value in environment.items():
                monkeypatch.setenv(key, value)
            extra.update(variables)
        return extra

    return attach


# --- as AWX takes them


@each_type
def test_a_type_is_one_that_awx_takes(name: str) -> None:
    one = TYPES[name]
    assert re.fullmatch(r"inkan\.tls [\w -]+ v\d+", name) and one["kind"] in ("cloud", "net") and one["description"]
    fields = one["inputs"]["fields"]
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids) and "tower" not in ids and set(one["inputs"].get("required", [])) <= set(ids)
    for field in fields:
        assert set(field) <= FIELD_KEYS and field["type"] == "string" and field["label"]
        assert re.fullmatch(r"[a-zA-Z_]+[a-zA-Z0-9_]*", field["id"])
        assert not (field.get("secret") and "default" in field), "a secret has no default"
    assert set(one["injectors"]) <= {"env", "extra_vars", "file"}
    for variable in one["injectors"]["env"]:
        assert re.fullmatch(r"INKAN_[A-Z0-9_]+", variable) and not REFUSED_ENVIRONMENT.fullmatch(variable)
    files = set(one["injectors"].get("file", {}))
    assert files == {"template"} or all(re.fullmatch(r"template\.\w+", file) for file in files)


@each_type
def test_every_input_is_injected_and_secrets_never_as_variables(name: str, tmp_path: Path) -> None:
    one = TYPES[name]
    inputs = inputs_of(one)
    environment, variables = injected(one, inputs, tmp_path)
    files = {value: Path(value).read_text() for value in environment.values() if value.startswith(str(tmp_path))}
    carried = [*environment.values(), *variables.values(), *files.values()]
    for field in one["inputs"]["fields"]:
        value = inputs[field["id"]]
        assert any(text.rstrip("\n") == value.rstrip("\n") for text in carried), (
            f"{field['id']} reaches nobody, or not as it is"
        )
        if field.get("secret"):
            assert value not in json.dumps(variables), "extra variables are shown by any task"
        if field.get("multiline"):
            assert value not in environment.values(), "several lines go by a file"
    assert all(text.endswith("\n") and not text.endswith("\n\n\n") for text in files.values()), (
        "OpenSSH wants a line end"
    )


def test_no_two_types_inject_the_same_variable() -> None:
    names = [key for one in TYPES.values() for kind in ("env", "extra_vars") for key in one["injectors"].get(kind, {})]
    assert len(set(names)) == len(names)


# --- complete


def test_every_adapter_service_mailbox_and_channel_has_its_example_and_its_type() -> None:
    said = group_vars()
    assert {one["adapter"] for one in said["inkan_ca_accounts"].values()} == set(ADAPTERS)
    assert {one["service"] for one in said["inkan_dns_services"].values()} == set(FACTORIES)
    assert {one["service"] for one in said["inkan_notifications"]} == set(SERVICES)
    mailboxes = [one["settings"].get("oauth2", {}).get("service") for one in said["inkan_mailboxes"].values()]
    assert set(mailboxes) == {None, *OAUTH_SERVICES}
    without = [name for name, one in said["inkan_ca_accounts"].items() if not one.get("secrets")]
    assert [said["inkan_ca_accounts"][name]["adapter"] for name in without] == ["portal"], "persons log in there"


def test_what_is_injected_is_what_the_project_looks_up() -> None:
    texts = {path: path.read_text("utf-8") for path in PROJECT.rglob("*.yml")}
    looked_up = {name for text in texts.values() for name in re.findall(r"INKAN_[A-Z0-9_]+", text)}
    assert looked_up == {name for one in TYPES.values() for name in one["injectors"]["env"]}


def test_what_the_project_uses_as_a_secret_is_a_secret_field() -> None:
    owners = {}
    for one in TYPES.values():
        secret = {field["id"] for field in one["inputs"]["fields"] if field.get("secret")}
        for variable, template in one["injectors"]["env"].items():
            file = re.fullmatch(r"\{\{ tower\.filename(\.\w+)? \}\}", template)
            source = one["injectors"]["file"][f"template{file.group(1) or ''}"] if file else template
            owners[variable] = re.findall(r"\w+", source)[0] in secret
    said = group_vars()
    entries = [one for key in MAPS[:3] for one in said[key].values()] + said["inkan_notifications"]
    used = {name for one in entries for name in re.findall(r"INKAN_\w+", json.dumps(one.get("secrets", {})))}
    open_ones = {name for one in entries for name in re.findall(r"INKAN_\w+", json.dumps(one.get("settings", {})))}
    assert used and [name for name in used if not owners[name]] == []
    assert [name for name in open_ones if owners[name]] == [], "settings are shown"


# --- read by our own readers


def refused(said: Entry) -> list[str]:
    """What our modules say against accounts, services, mailboxes and channels with their secrets."""
    given = {key: (without_secrets(said[key]), only_secrets(said[key])) for key in MAPS}
    errors = InputCollector()
    found = []
    factories = adapter_factories(clock=SystemClock(), new_private_key=lambda _kind: b"")
    accounts, secrets = given["inkan_ca_accounts"]
    for name, one in t.cast(Entry, accounts).items():
        config = AccountConfig(name, one["adapter"], one["settings"], secrets.get(name, {}), "/nowhere")
        found += [f"{name}: {error}" for error in factories[one["adapter"]].settings_errors(config)]
    parse_services(t.cast(Entry, given["inkan_dns_services"][0]), given["inkan_dns_services"][1], errors)
    mailboxes, secrets = given["inkan_mailboxes"]
    for name, one in t.cast(Entry, mailboxes).items():
        found += settings_errors(MailboxConfig(name, one["service"], one["settings"], secrets.get(name, {})))
    defaults = {"on": ["trouble"], "certificates": ["*"], "language": "en"}
    read_channels(
        [{**defaults, **one} for one in t.cast("list[Entry]", given["inkan_notifications"][0])],
        given["inkan_notifications"][1],
        errors,
    )
    return found + [error.sentence() for error in errors.errors]


def needed_only(said: Entry) -> Entry:
    """The project is an example of everything: a user leaves in `secrets` what the seller's description and the driver
    use, and adds what a webhook wants."""
    reseller = said["inkan_ca_accounts"]["reseller"]["secrets"]
    for name in set(reseller) - {"api_key"}:
        del reseller[name]
    return said


def test_with_all_credentials_every_reader_takes_what_arrives(attached: t.Callable[..., Entry]) -> None:
    attached(*TYPES)
    said = needed_only(said_by_the_project())
    assert refused(said) == []
    secrets = {name: one for key in MAPS for name, one in only_secrets(said[key]).items()}
    assert secrets["atlas"]["client_key"] == PEM and secrets["certs-google"]["private_key"] == PEM
    assert secrets["certcentral"]["api_key"] == "made-up-api_key-{{7*6}}", "a password is no template"
    assert secrets["jprs-acme"] == {"eab_hmac_key": SAMPLES["eab_hmac_key"]}


def test_the_readers_see_what_does_not_arrive(
    attached: t.Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    attached(*TYPES)
    monkeypatch.delenv("INKAN_ATLAS_CLIENT_KEY_FILE")
    monkeypatch.setenv("INKAN_TSIG_KEY_SECRET", "no base64 at all")
    wrong = refused(needed_only(said_by_the_project()))
    assert len(wrong) == 2 and "client_key" in wrong[0] and "key_secret" in wrong[1]


def test_a_job_without_credentials_has_no_secret_and_can_read_the_rest() -> None:
    said = said_by_the_project()
    assert [only_secrets(said[key]) for key in MAPS] == [{}] * 4
    assert said["inkan_ca_accounts"]["jprs-acme"]["settings"]["eab_kid"] is None


def test_an_optional_field_that_is_left_empty_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "inkan.tls GlobalSign Atlas v1"
    inputs = {key: value for key, value in inputs_of(TYPES[name]).items() if key != "client_key_password"}
    for key, value in injected(TYPES[name], inputs, tmp_path)[0].items():
        monkeypatch.setenv(key, value)
    said = said_by_the_project()
    assert set(only_secrets(said["inkan_ca_accounts"])["atlas"]) == {
        "api_key",
        "api_secret",
        "client_certificate",
        "client_key",
    }


def test_the_host_of_the_ledger_is_reached_with_its_own_key(attached: t.Callable[..., Entry]) -> None:
    extra = attached("inkan.tls ledger host v1")
    assert extra == {"inkan_ledger_host": "ledger.example.jp", "inkan_ledger_path": "made-up-path"}
    inventory = yaml.safe_load((PROJECT / "inventory/hosts.yml").read_text())
    assert extra["inkan_ledger_host"] in inventory["all"]["children"]["ledger"]["hosts"]
    said = filled(loaded(PROJECT / "inventory/host_vars" / f"{extra['inkan_ledger_host']}.yml"), {})
    assert Path(said["ansible_ssh_private_key_file"]).read_text() == f"{PEM}\n"
    known_hosts = re.search(r"UserKnownHostsFile=(\S+)", said["ansible_ssh_common_args"])
    assert known_hosts and Path(known_hosts.group(1)).read_text() == f"{PEM}\n"
    assert "StrictHostKeyChecking=yes" in said["ansible_ssh_common_args"]


def test_the_seller_of_the_project_is_that_of_the_documentation() -> None:
    assert group_vars()["reseller_description"] == yaml.safe_load(DESCRIPTION.read_text("utf-8"))
