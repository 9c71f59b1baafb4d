# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory to try the lab with: its web hosts, the seller's account, its DNS servers, and three certificates."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

INVENTORY_FILE = "inventory.yml"
REPOSITORY = Path(__file__).resolve().parents[2]
DESCRIPTION = REPOSITORY / "docs" / "examples" / "labssl.yml"
HEAD = """\
---
# Made by the lab for as long as it runs: ports and secrets are others the next time.
"""
Facts = t.Mapping[str, t.Any]


def write_inventory(folder: Path, facts: Facts, *, now: str | None = None) -> Path:
    """``now``: the lab's clock was moved, and playbooks have to be told."""
    path = folder / INVENTORY_FILE
    text = HEAD + "\n".join(yaml_lines(inventory(facts, now))) + "\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def inventory(facts: Facts, now: str | None = None) -> dict[str, t.Any]:
    hosts = {name: _host_variables(host) for name, host in facts["web"].items()}
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "inkan_certificates": certificates(),
        "inkan_ca_accounts": {"labssl": _account(facts)},
        "inkan_dns_services": {"lab": _dns_service(facts["dns"])},
        "inkan_sight": {
            "resolvers": facts["dns"]["servers"],
            "dns_port": facts["dns"]["port"],
            "http_port": facts["http_port"],
            "https_port": facts["https_port"],
            "ca_bundle": facts["issuing_ca"],
        },
        "inkan_ledger_path": f"{facts['folder']}/ledger/ledger.sqlite3",
        "inkan_ledger_durable": True,
        "inkan_ledger_python": "{{ ansible_playbook_python }}",
        "inkan_report_path": f"{facts['folder']}/report",
        "inkan_deadline": 30,
        **({} if now is None else {"inkan_now": now}),
    }
    return {"all": {"children": {"webservers": {"hosts": hosts}}, "vars": variables}}


def certificates() -> list[dict[str, t.Any]]:
    """One that waits for a person, one that waits for the crawler, one that is issued at once."""
    common = {"ca_account": "labssl", "key": {"type": "ecdsa-p256"}, "hosts": "webservers", "deploy": _deploy()}
    by_file = {"method": "file", "document_root": "{{ lab_document_root }}", "hosts": "webservers"}
    return [
        {
            "name": "by-mail",
            "common_name": "www.example.jp",
            "dns_names": ["example.jp"],
            "product": "jprs-dv",
            "options": {"double_address": True},
            "validation": {"method": "email", "contact": {"kind": "constructed", "address": "hostmaster@example.jp"}},
            **common,
        },
        {
            "name": "by-file",
            "common_name": "www.example.co.jp",
            "dns_names": ["example.co.jp"],
            "product": "jprs-dv",
            "options": {"double_address": True},
            "validation": by_file,
            **common,
        },
        {
            "name": "by-dns",
            "common_name": "*.example.com",
            "product": "digicert-dv",
            "validation": {"method": "dns"},
            **common,
        },
    ]


def _host_variables(host: Facts) -> dict[str, t.Any]:
    return {
        "inkan_store_path": host["store"],
        "lab_address": host["address"],
        "lab_document_root": host["document_root"],
        "lab_pid_file": host["pid_file"],
    }


def _deploy() -> dict[str, t.Any]:
    return {
        "reload": {"pid_file": "{{ lab_pid_file }}", "signal": "HUP"},
        "handshake": {"address": "{{ lab_address }}", "port": "{{ inkan_sight.https_port | int }}"},
    }


def _account(facts: Facts) -> dict[str, t.Any]:
    return {
        "adapter": "rest",
        "settings": {
            "url": facts["api_url"],
            "ca_bundle": facts["api_ca"],
            "description": f"{{{{ lookup('ansible.builtin.file', '{DESCRIPTION}') }}}}",
        },
        "secrets": {"api_key": facts["api_key"]},
    }


def _dns_service(dns: Facts) -> dict[str, t.Any]:
    return {
        "service": "rfc2136",
        "settings": {
            "server": dns["servers"][0],
            "port": dns["port"],
            "key_name": dns["key_name"],
            "key_algorithm": "hmac-sha256",
        },
        "secrets": {"key_secret": dns["key_secret"]},
        "zones": dns["zones"],
    }


# --- YAML, as far as an inventory needs it --------------------------------------------------------------------------


def yaml_lines(value: t.Any, indent: int = 0) -> list[str]:
    """Mappings and lists in block form; everything else as JSON writes it, which YAML reads alike."""
    space = " " * indent
    if isinstance(value, dict) and value:
        return [line for key, one in value.items() for line in _entry(f"{space}{key}:", one, indent + 2)]
    if isinstance(value, list) and value:
        return [line for one in value for line in _item(one, indent)]
    return [space + json.dumps(value, ensure_ascii=False)]


def _entry(head: str, value: t.Any, indent: int) -> list[str]:
    if _is_block(value):
        return [head, *yaml_lines(value, indent)]
    return [f"{head} {json.dumps(value, ensure_ascii=False)}"]


def _item(value: t.Any, indent: int) -> list[str]:
    first, *others = yaml_lines(value, indent + 2)
    return [f"{' ' * indent}- {first[indent + 2 :]}", *others]


def _is_block(value: t.Any) -> bool:
    return isinstance(value, (dict, list)) and bool(value)
