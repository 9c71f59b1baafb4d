#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates_info
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: See which certificates a host has, and which it serves
description:
  - Reads the store of a host. For each name it tells the live certificate, whether its key is beside it, the staged
    keys, and whether a switch was begun and not finished.
  - With O(expiring_before) it is a sweep over many certificates that returns only what needs attention.
  - With O(served) it also makes TLS handshakes, to see what is really served.
  - It looks at no trust store and no revocation list, and it changes nothing.
  - What is seen is the input of M(inkan.tls.dcv_plan), which tells what is due.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_host
  - inkan.tls.store
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
notes:
  - Runs on each target, as a user who may read the store.
  - A live certificate that cannot be served (its file or key is missing, damaged or not its own) is a finding, not a
    failure of the module. The entry has the state V(broken) and tells why in RV(results[].problem). A store that cannot
    be read is a failure.
  - The handshakes verify nothing, send nothing and trust nothing. What is seen is compared with what is live.
options:
  names:
    description:
      - The names to look for. One that is not in the store gives an entry with the state V(absent).
      - Default is every name of the store.
    type: list
    elements: str
  expiring_before:
    description:
      - Return only live certificates that expire before this time (ISO 8601), those that are broken, names without a
        live certificate, and names in O(served).
    type: str
  served:
    description: TLS handshakes to make.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the certificate that should be served. Its entry is returned in any case.
        type: str
        required: true
      address:
        description: Where the server listens, an IP address or a host name.
        type: str
        default: 127.0.0.1
      port:
        description: The port of the server.
        type: int
        default: 443
      server_name:
        description: The name that is asked for (SNI). Default is a name that the live certificate covers.
        type: str
  timeout:
    description: How long a handshake may take, in seconds.
    type: float
    default: 5
"""

EXAMPLES = r"""
- name: See everything that this host has
  inkan.tls.certificates_info:
  register: certificates

- name: See what expires within 30 days
  inkan.tls.certificates_info:
    expiring_before: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() + 30 * 86400, true) }}"

- name: Is the live certificate really served?
  inkan.tls.certificates_info:
    names: [shop]
    served:
      - name: shop
        address: 127.0.0.1
        port: 443
  register: shop
  failed_when: not (shop.results[0].served | default({}, true)).matches_live | default(false)
"""

RETURN = r"""
examined:
  description: How many names were looked at.
  returned: always
  type: int
  sample: 1
results:
  description: One entry for each name, in the order of O(names), else sorted; fewer with O(expiring_before).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name in the store.
      type: str
      returned: always
      sample: shop
    changed:
      description: Always V(false).
      type: bool
      returned: always
      sample: false
    outcome:
      description: V(found), V(absent) or V(broken).
      type: str
      returned: always
      sample: found
    state:
      description:
        - V(live) has a sound live certificate. V(staged) has keys, but nothing live. V(absent) has neither.
        - V(broken) has something that cannot be served, see RV(results[].problem).
      type: str
      returned: always
      sample: live
    error:
      description: Why the entry could not be looked at, else null.
      type: dict
      returned: always
      sample: null
    problem:
      description: What is wrong with what is there, in the form of an error with C(code) and C(message). Else null.
      type: dict
      returned: always
      sample: null
    live:
      description:
        - The live certificate, or null. Its C(matches) tells whether the private key beside it is its own.
        - Times are in ISO 8601, the serial number and the SHA-256 digests in lower-case hexadecimal.
        - C(renewal_id) is its identifier in questions to its CA about its renewal (RFC 9773), null where it has none.
      type: dict
      returned: always
      sample:
        generation: 7
        serial: 3a1f0c9e77
        not_before: "2026-11-20T00:00:00Z"
        not_after: "2027-02-18T00:00:00Z"
        issuer: CN=Example CA,O=Example,C=JP
        common_name: shop.example.jp
        dns_names: [shop.example.jp, www.shop.example.jp]
        public_key_sha256: 0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa
        certificate_sha256: 5f6c1c7f4d3f2a1b0c9d8e7f60514233241506f7e8d9cabbac9d8e7f60514233
        key_type: ecdsa-p256
        renewal_id: aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE
        matches: true
    staged:
      description: Keys that have no certificate yet, oldest first.
      type: list
      elements: dict
      returned: always
      sample:
        - generation: 8
          public_key_sha256: 1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa0b
          csr_sha256: 6c1c7f4d3f2a1b0c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142335f
          created_at: "2027-01-20T00:00:00Z"
    has_keys:
      description: The SHA-256 digests of the public keys of all private keys that are here.
      type: list
      elements: str
      returned: always
      sample: [0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa]
    switching:
      description: Whether a switch was begun and not yet proven. M(inkan.tls.certificate_deployments) finishes it.
      type: bool
      returned: always
      sample: false
    recipient:
      description: The X25519 public key (Base64) to which a private key may be sealed for this host, or null.
      type: str
      returned: always
      sample: null
    served:
      description: What the server showed, or null.
      type: dict
      returned: always
      sample:
        address: 127.0.0.1
        port: 443
        serial: 3a1f0c9e77
        not_before: "2026-11-20T00:00:00Z"
        not_after: "2027-02-18T00:00:00Z"
        common_name: shop.example.jp
        dns_names: [shop.example.jp, www.shop.example.jp]
        key_type: ecdsa-p256
        certificate: "-----BEGIN CERTIFICATE-----..."
        certificate_sha256: 5f6c1c7f4d3f2a1b0c9d8e7f60514233241506f7e8d9cabbac9d8e7f60514233
        matches_live: true
    served_error:
      description: Why the handshake gave no certificate, or null.
      type: str
      returned: always
      sample: null
"""

import collections
import dataclasses
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import server_name_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor, executor_for
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import Handshake, served_certificate
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store, default_store_path
from ansible_collections.inkan.tls.plugins.module_utils._module.looking import (
    Live,
    Probe,
    add_served,
    describe,
    is_due,
    probe_all,
    see_live,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import CRYPTOGRAPHY_ERROR

#: Handshakes at once: enough to hide a few dead servers, too few to trouble one.
_WORKERS = 8
_MAX_TIMEOUT = 60.0
NEEDS = (Library("cryptography", CRYPTOGRAPHY_ERROR, "to read certificates and keys"),)


@dataclass(frozen=True)
class Ports:
    store: Store
    handshake: Handshake = served_certificate
    executor: Executor = dataclasses.field(default_factory=lambda: executor_for(_WORKERS))


def argument_spec() -> dict[str, t.Any]:
    probe = {
        "name": {"type": "str", "required": True},
        "address": {"type": "str", "default": "127.0.0.1"},
        "port": {"type": "int", "default": 443},
        "server_name": {"type": "str"},
    }
    return {
        "store_path": {"type": "path"},
        "names": {"type": "list", "elements": "str"},
        "expiring_before": {"type": "str"},
        "served": {"type": "list", "elements": "dict", "default": [], "options": probe},
        "timeout": {"type": "float", "default": 5},
    }


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    errors = InputCollector()
    before = _read_time(params.get("expiring_before"), errors)
    probes = [_read_probe(raw, errors) for raw in params.get("served") or ()]
    _refuse_bad_names(params, probes, errors)
    timeout = params.get("timeout") or 5.0
    if not 0 < timeout <= _MAX_TIMEOUT:
        _wrong(errors, "bad_value", "timeout", f"{timeout:g} is not above 0 and at most {_MAX_TIMEOUT:g}", "Correct it")
    errors.refuse()
    ports = ports or Ports(Store(params.get("store_path") or default_store_path()))
    names = _names(params, probes, ports.store)
    seen = {name: see_live(ports.store, name) for name in names}
    asked = {probe.name for probe in probes}
    items = [describe(ports.store, name, live) for name, live in seen.items() if name in asked or is_due(live, before)]
    _serve(items, probes, seen, timeout, ports)
    return Result(items, extra={"examined": len(names)})


def _serve(items: list[ItemResult], probes: list[Probe], seen: dict[str, Live], timeout: float, ports: Ports) -> None:
    named = [_with_server_name(probe, seen[probe.name]) for probe in probes]
    answers = probe_all(named, ports.handshake, timeout, ports.executor)
    by_name = {probe.name: probe for probe in named}
    for item in items:
        if item.name in by_name:
            add_served(item, by_name[item.name], answers[item.name])


def _with_server_name(probe: Probe, live: Live) -> Probe:
    names = live.facts.dns_names if live.facts is not None else ()
    return dataclasses.replace(probe, server_name=probe.server_name or server_name_of(names))


def _names(params: dict[str, t.Any], probes: list[Probe], store: Store) -> list[str]:
    given: list[str] | None = params.get("names")
    names = store.names() if given is None else given
    return list(dict.fromkeys([*names, *(probe.name for probe in probes)]))


def _read_time(text: str | None, errors: InputCollector) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError as exc:
        _wrong(errors, "bad_value", "expiring_before", f"{text!r}: {exc}", "Write it as 2026-11-20T00:00:00Z")
        return None


def _read_probe(raw: dict[str, t.Any], errors: InputCollector) -> Probe:
    probe = Probe(raw["name"], raw.get("address") or "127.0.0.1", raw.get("port") or 443, raw.get("server_name"))
    where = f"served, {probe.name!r}"
    if not 0 < probe.port < 65536:
        _wrong(errors, "bad_value", where, "its port is none", "Give a number from 1 to 65535")
    if probe.server_name is not None and dns_name_error(probe.server_name, wildcard=False):
        why = f"{probe.server_name!r}: {dns_name_error(probe.server_name, wildcard=False)}"
        _wrong(errors, "bad_value", where, why, "Give an A-label name in lower case")
    return probe


def _refuse_bad_names(params: dict[str, t.Any], probes: list[Probe], errors: InputCollector) -> None:
    for option, names in (("names", params.get("names") or []), ("served", [probe.name for probe in probes])):
        for name, count in collections.Counter(names).items():
            why = item_name_error(name)
            if why is not None:
                _wrong(errors, "bad_name", option, f"{name!r}: {why}", "Correct it")
            if count > 1:
                _wrong(errors, "duplicate_name", option, f"{name!r} stands there {count} times", "Name it once")


def _wrong(errors: InputCollector, code: str, where: str, why: str, todo: str) -> None:
    errors.add(code, what="Cannot look", where=f"option {where}", why=why, todo=todo)


def main() -> None:
    run_module(
        argument_spec=argument_spec(),
        run=run,
        needs=NEEDS,
    )


if __name__ == "__main__":
    main()
