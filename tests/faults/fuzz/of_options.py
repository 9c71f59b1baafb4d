# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory values: the options of every module, through Ansible's own judgement and the module's, in check mode.

The good values are those of the module's own examples, so that a new module has its row from the first day. Nothing is
reached meanwhile: no socket is opened, no process started.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import socket
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.filter import approvals, names, run
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS, adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import read_intake, token_files
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import MAILBOX_SERVICES
from ansible_collections.inkan.tls.plugins.module_utils._mail.registry import settings_errors as mailbox_errors
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import FakeClock

from fuzz.border import Border
from fuzz.judge import harmless_text
from fuzz.mutate import mutated_json

__all__ = ["BORDERS", "MODULES"]

_PREFIX = "ansible_collections.inkan.tls.plugins.modules."
_FOLDER = Path(__file__).resolve().parents[3] / "plugins" / "modules"
MODULES = tuple(sorted(path.stem for path in _FOLDER.glob("*.py")))


def _module(name: str) -> t.Any:
    return importlib.import_module(_PREFIX + name)


@contextlib.contextmanager
def _nowhere() -> t.Iterator[None]:
    """No way out of this process, and time that passes at once."""

    def refused(*_args: object, **_more: object) -> t.NoReturn:
        raise OSError("nothing is reached here")

    with contextlib.ExitStack() as stack:
        for owner, name in (
            (socket.socket, "connect"),
            (socket.socket, "sendto"),
            (socket, "getaddrinfo"),
            (subprocess, "Popen"),
            (subprocess, "run"),
        ):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, refused)
        stack.callback(setattr, time, "sleep", time.sleep)
        time.sleep = lambda _seconds: None
        yield


@functools.cache
def _home() -> str:
    """Where relative paths and ~ of the examples lead."""
    return tempfile.mkdtemp(prefix="inkan-fuzz-home-")


def _play_module(name: str, raw: bytes) -> object:
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    module = _module(name)
    try:
        judged = ArgumentSpecValidator(module.argument_spec()).validate(given)
    except Exception:  # noqa: BLE001  Ansible's own reader: whatever it raises never gets as far as our code
        return None
    if judged.error_messages:
        return None
    before = os.getcwd()
    os.chdir(_home())
    try:
        with _nowhere():
            result: Result = module.run(judged.validated_parameters, True)
    finally:
        os.chdir(before)
    for text in result.warnings:
        harmless_text(text, "a warning")
    for one in result.diff:
        harmless_text(f"{one.header}\n{one.before}\n{one.after}".replace("\t", " "), "a difference")
    return [item.error for item in result.items if item.error is not None]


def _examples(name: str) -> list[bytes]:
    found: list[bytes] = []
    tasks = yaml.safe_load(_module(name).EXAMPLES)
    while tasks:
        task = tasks.pop(0)
        tasks[:0] = [one for key in ("block", "tasks", "always", "rescue") for one in task.get(key) or ()]
        given = task.get(f"inkan.tls.{name}")
        if isinstance(given, dict):
            found.append(json.dumps(_local(given), ensure_ascii=False).encode())
    return found


def _local(value: t.Any) -> t.Any:
    """Absolute paths of the examples lead into a folder of ours; what Jinja would make is a short text."""
    if isinstance(value, dict):
        return {key: _local(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_local(one) for one in value]
    if isinstance(value, str) and value.startswith("/"):
        return f"{_home()}{value}"
    return value


# --- settings of accounts, services and mailboxes --------------------------------------------------------------------


def _settings(raw: bytes) -> tuple[dict[str, t.Any], dict[str, str]] | None:
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not isinstance(given.get("settings"), dict):
        return None
    secrets = given.get("secrets")
    return given["settings"], {key: str(one) for key, one in secrets.items()} if isinstance(secrets, dict) else {}


def _play_account(adapter: str, raw: bytes) -> object:
    found = _settings(raw)
    if found is None:
        return None
    factory = adapter_factories(clock=FakeClock(), new_private_key=lambda _kind: b"")[adapter]
    return _told(factory.settings_errors(AccountConfig("main", adapter, *found, f"{_home()}/state")))


def _play_service(service: str, raw: bytes) -> object:
    found = _settings(raw)
    if found is None:
        return None
    config = ServiceConfig("main", service, *found, ("example.jp",))
    wrong = FACTORIES[service].settings_errors(config)
    return _told(wrong or FACTORIES[service].settings_warnings(config))


def _play_mailbox(service: str, raw: bytes) -> object:
    found = _settings(raw)
    return None if found is None else _told(mailbox_errors(MailboxConfig("main", service, *found)))


def _told(sentences: t.Sequence[str]) -> InputError:
    """As the modules tell them."""
    return InputError(code="account_settings", what="Cannot use the settings", why="; ".join(sentences))


_CONTACT = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
_SETTINGS: dict[str, tuple[dict[str, t.Any], dict[str, str]]] = {
    "acme": (
        {"directory": "https://ca.example/d", "contact": ["mailto:a@example.jp"], "eab_kid": "k", "persist_days": 90},
        {"eab_hmac_key": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"},
    ),
    "digicert": ({"url": "https://a.example", "organization": 1, "statuses": {"x": "ready"}}, {"api_key": "k" * 20}),
    "portal": ({"seller": "jprs", "owner": "a", "mail": "a@example.jp"}, {}),
    "globalsign_atlas": ({"client_serial": "0A:1B", "page_size": 10}, {"api_key": "k" * 9, "api_secret": "s" * 9}),
    "globalsign_gcc": ({"user_name": "u", "contact": _CONTACT, "requests_per_minute": 9}, {"password": "p" * 9}),
    "rest": ({"url": "https://a.example", "description": "a: b", "timeout": 5}, {"api_key": "k" * 9}),
    "rfc2136": ({"server": "192.0.2.1", "port": 53, "key_name": "k", "timeout": 2}, {"key_secret": "c2VjcmV0LXdvcmQ="}),
    "powerdns": ({"url": "https://a.example", "server_id": "x", "timeout": 5}, {"api_key": "k" * 9}),
    "iij_dpf": ({"url": "https://a.example", "burst": 5, "requests_per_second": 1}, {"access_token": "k" * 9}),
    "lexicon": ({"driver": "route53", "options": {"a": "b"}, "timeout": 5}, {"auth_token": "k" * 9}),
    "imap": (
        {"host": "a.example", "port": 993, "user": "u", "folders": ["INBOX"], "authserv_id": "a.example",
         "oauth2": {"service": "microsoft365", "tenant": "t", "client_id": "c"}, "tls": "implicit"},
        {"client_secret": "k" * 9},
    ),
    "maildir": ({"path": "/var/mail/a", "received_by": ["a.example"]}, {}),
}  # fmt: skip


def _seeds_settings(kind: str) -> list[bytes]:
    settings, secrets = _SETTINGS.get(kind, ({"url": "https://a.example"}, {}))
    return [json.dumps({"settings": settings, "secrets": secrets}).encode()]


# --- intake and filters ----------------------------------------------------------------------------------------------


def _play_intake(raw: bytes) -> object:
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    intake, wrong = read_intake(given)
    files, more = token_files(intake.tokens, ("www.example.jp", "example.jp"))
    return {"why": [*wrong, *more], "files": files, "notes": [intake.note, intake.who, intake.cancelled]}


def _seeds_intake() -> list[bytes]:
    uri = "http://www.example.jp/.well-known/pki-validation/abc.txt"
    given = {
        "order_number": "SEC-1",
        "file_token": [{"uri": uri, "content": "x"}, {"uri": uri.replace("www.", ""), "content": "y"}],
        "approved": True,
        "certificate": ["-----BEGIN CERTIFICATE-----\n"],
        "chain": "",
        "note": "x",
        "done": ["apply"],
        "reopen": ["pay"],
        "who": "花",
        "cancelled": "no",
    }
    return [json.dumps(given, ensure_ascii=False).encode()]


_FILTERS: dict[str, t.Callable[..., t.Any]] = {
    name: function for plugin in (approvals, names, run) for name, function in plugin.FilterModule().filters().items()
}
_TEXT_FILTERS = ("to_alabel", "registrable_domain", "constructed_addresses", "to_rname", "from_rname")


def _play_filter(raw: bytes) -> object:
    """Filters of names: whatever a host is called."""
    text = raw.decode("utf-8", "replace")
    for name in _TEXT_FILTERS:
        try:
            _FILTERS[name](text)
        except AnsibleError as error:
            harmless_text(str(error), name)
    return None


BORDERS = (
    *(
        Border(
            f"options of {name}",
            "hostile options",
            functools.partial(_play_module, name),
            functools.partial(_examples, name),
            mutated_json,
            reads=(f"modules/{name}.py",),
            short=50,
        )
        for name in MODULES
    ),
    *(
        Border(
            f"settings of {name}",
            "hostile options",
            functools.partial(play, name),
            functools.partial(_seeds_settings, name),
            mutated_json,
            short=30,
        )
        for play, kinds in ((_play_account, ADAPTERS), (_play_service, FACTORIES), (_play_mailbox, MAILBOX_SERVICES))
        for name in kinds
    ),
    Border("portal intake", "hostile options", _play_intake, _seeds_intake, mutated_json, short=70),
    Border(
        "names of filters",
        "hostile options",
        _play_filter,
        lambda: ["日本語.jp".encode(), b"www.example.jp", b"host\\.master@example.jp", b"*.xn--wgv71a.jp"],
        reads=("filter/names.py",),
        short=60,
    ),
)
