#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_requests
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Make private keys and certificate requests beside the live ones
description:
  - Makes a private key and a certificate request (CSR) for each certificate of a list, in a new generation of the
    store. The live key and certificate are not touched.
  - A staged key whose request is still the wished one is kept, so a second run changes nothing.
  - A request holds what a CA may certify and no more. That is the names, one of them as the common name (unless it has
    more than 64 characters), and for OV and EV the fields of O(certificates[].subject).
  - The private key stays on this host. It is given to other hosts only sealed to a key of theirs
    (O(certificates[].recipients)).
  - It orders nothing. The next step is M(inkan.tls.certificate_orders).
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_host
  - inkan.tls.store
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
    details: RV(results[].sealed) differs each time, because every sealing uses a fresh key. It is no change.
notes:
  - Runs on the host that keeps the private key, as a user who may write the store.
  - An error of one item never stops the others. Mistakes in the options refuse the whole call before anything is done.
options:
  certificates:
    description: The certificates.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name in the store, unique in the call.
        type: str
        required: true
      common_name:
        description:
          - The first name of the certificate, an A-label name or a wildcard in lower case.
          - Default is the first of O(certificates[].dns_names).
        type: str
      dns_names:
        description: The further names. Repeated ones count once.
        type: list
        elements: str
        default: []
      key:
        description: The private key.
        type: dict
        default: {}
        suboptions:
          type:
            description: Its type.
            type: str
            choices: [rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384]
            default: ecdsa-p256
          reuse:
            description:
              - Whether the live key is used again, if it has this type.
              - By default each new request has a new key.
            type: bool
            default: false
          made_by:
            description:
              - Who makes the key. Where the seller does, there is no request.
              - The key that came with the certificate is put into the store (O(certificates[].key.private_key) or
                O(certificates[].key.private_key_file)); with O(certificates[].public_key_sha256) it is sealed for others.
            type: str
            choices: [us, seller]
            default: us
          private_key:
            description: The seller's key, PEM without a pass phrase.
            type: str
          private_key_file:
            description: A file on this host with the seller's key. It is read only, and stays where it is.
            type: path
      subject:
        description:
          - Fields of the subject beside the common name, for OV and EV. Possible are C(C), C(ST), C(L), C(O), or their
            long names C(countryName), C(stateOrProvinceName), C(localityName), C(organizationName).
          - Others are refused with the reason. CAs may not certify C(OU) any more, and take C(serialNumber) and the
            like from their own investigation.
        type: dict
        default: {}
      public_key_sha256:
        description:
          - The key of an order that is under way or issued. Exactly this key is used, never a new one.
          - V(known_after_order) is accepted in check mode.
        type: str
      recipients:
        description: Hosts that need the private key too.
        type: list
        elements: dict
        default: []
        suboptions:
          host:
            description: The name of the host, a key of RV(results[].sealed).
            type: str
            required: true
          public_key:
            description:
              - Its X25519 public key in Base64, as M(inkan.tls.certificate_deployments) with O(ignore:state=prepare)
                returns it.
              - V(known_after_order) is accepted in check mode.
            type: str
            required: true
      paths:
        description:
          - Files outside the store, for key and request. Their folders must exist.
          - A key that is there is kept, because a service may be using it; a request for other names is replaced. A
            request that was made with another key is refused, and so is a key of another type.
        type: dict
        suboptions:
          privkey:
            description: The private key, mode 0600.
            type: path
            required: true
          csr:
            description: The request.
            type: path
            required: true
"""

EXAMPLES = r"""
- name: Stage a key and a CSR
  inkan.tls.certificate_requests:
    certificates:
      - name: shop
        common_name: shop.example.jp
        dns_names: [www.shop.example.jp]
        key: {type: ecdsa-p256}
  register: requests

- name: An OV certificate with an RSA key
  inkan.tls.certificate_requests:
    certificates:
      - name: corporate
        common_name: www.example.co.jp
        key: {type: rsa-2048}
        subject: {C: JP, ST: Tokyo, L: Chiyoda-ku, O: Example K.K.}

- name: Seal the key of an order for a second host
  inkan.tls.certificate_requests:
    certificates:
      - name: shop
        common_name: shop.example.jp
        dns_names: [www.shop.example.jp]
        public_key_sha256: "{{ requests.results[0].public_key_sha256 }}"
        recipients:
          - host: web2
            public_key: "{{ hostvars.web2.prepared.results[0].recipient }}"
"""

RETURN = r"""
results:
  description: One entry for each certificate, in the order of O(certificates).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      returned: always
      sample: shop
    changed:
      description: Whether a key or a request was made, or would be in check mode.
      type: bool
      returned: always
      sample: true
    outcome:
      description:
        - V(created) means a new request, with a new key unless it is reused.
        - V(kept) means that it was there.
        - V(key_missing) means that the key of the order is not on this host.
        - V(nothing_to_do) means that the seller makes the key.
        - V(refused) means another error.
      type: str
      returned: always
      sample: created
    state:
      description:
        - Where the key is. V(staged) has no certificate yet, V(complete) has one that is not live, V(live) is in use.
          Keys at O(certificates[].paths) count as V(staged).
        - V(absent) means that there is none, because of an error or because the seller makes it.
      type: str
      returned: always
      sample: staged
    error:
      description: What failed, where, why and what to do, with a stable C(code). Null without an error.
      type: dict
      returned: always
      sample: null
    generation:
      description: The number of the generation, null in check mode before it is made and for O(certificates[].paths).
      type: int
      returned: always
      sample: 7
    csr:
      description:
        - The request in PEM, V(known_after_order) in check mode if it would be made.
        - Null for a key that came to this host without its request.
      type: str
      returned: always
      sample: "-----BEGIN CERTIFICATE REQUEST-----\nMIIBEz...\n-----END CERTIFICATE REQUEST-----\n"
    csr_sha256:
      description: SHA-256 of the request in DER, in hexadecimal. V(known_after_order) as above.
      type: str
      returned: always
      sample: 5f6c1c7f4d3f2a1b0c9d8e7f60514233241506f7e8d9cabbac9d8e7f60514233
    public_key_sha256:
      description: SHA-256 of the public key (DER, SubjectPublicKeyInfo), in hexadecimal. V(known_after_order) as above.
      type: str
      returned: always
      sample: 0b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728394a5b6c7d8e9fa
    key_type:
      description: The type of the key.
      type: str
      returned: always
      sample: ecdsa-p256
    sealed:
      description: For each recipient the sealed private key in Base64, which only that host can open.
      type: dict
      returned: always
      sample: {web2: AVJ1b2...}
"""

import base64
import binascii
import collections
import os
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import (
    KEY_TYPES,
    names_errors,
    subject_errors,
    wish_for,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import (
    FILE_WORKERS,
    PROCESSOR_WORKERS,
    Executor,
    executor_for,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store, default_store_path
from ansible_collections.inkan.tls.plugins.module_utils._module.requesting import (
    Paths,
    Recipient,
    Request,
    SellersKey,
    answer_all,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library, run_module
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import CRYPTOGRAPHY_ERROR

_DIGEST = re.compile(r"[0-9a-f]{64}")
_X25519_BYTES = 32
_MAX_NAMES = 1000  # more than any CA takes; a bound on what a mistake can cost

NEEDS = (Library("cryptography", CRYPTOGRAPHY_ERROR, "to make keys and requests"),)


def argument_spec() -> dict[str, t.Any]:
    return {
        "store_path": {"type": "path"},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": _item_spec()},
    }


def _item_spec() -> dict[str, t.Any]:
    key = {
        "type": {"type": "str", "choices": list(KEY_TYPES), "default": "ecdsa-p256"},
        "reuse": {"type": "bool", "default": False},
        "made_by": {"type": "str", "choices": ["us", "seller"], "default": "us"},
        "private_key": {"type": "str", "no_log": True},
        "private_key_file": {"type": "path", "no_log": False},
    }
    recipient = {
        "host": {"type": "str", "required": True},
        "public_key": {"type": "str", "required": True, "no_log": False},
    }
    paths = {
        "privkey": {"type": "path", "required": True, "no_log": False},
        "csr": {"type": "path", "required": True},
    }
    return {
        "name": {"type": "str", "required": True},
        "common_name": {"type": "str"},
        "dns_names": {"type": "list", "elements": "str", "default": []},
        "key": {"type": "dict", "default": {}, "options": key, "no_log": False},
        "subject": {"type": "dict", "default": {}},
        "public_key_sha256": {"type": "str", "no_log": False},
        "recipients": {"type": "list", "elements": "dict", "default": [], "options": recipient},
        "paths": {"type": "dict", "options": paths},
    }


def run(
    params: dict[str, t.Any], check_mode: bool, store: Store | None = None, executor: Executor | None = None
) -> Result:
    errors = InputCollector()
    requests = [_read(raw, check_mode, errors) for raw in params["certificates"]]
    _refuse_twice("name", [request.name for request in requests], errors)
    used = [path for one in requests if one.paths is not None for path in (one.paths.privkey, one.paths.csr)]
    _refuse_twice("path", used, errors)
    errors.refuse()
    answers = answer_all(
        store or Store(params["store_path"] or default_store_path()),
        requests,
        clock=SystemClock(),
        executor=executor or executor_for(_workers(requests)),
        check_mode=check_mode,
    )
    return Result([item for item, _other in answers], [diff for _other, diff in answers if diff is not None])


def _workers(requests: t.Sequence[Request]) -> int:
    is_rsa = any(request.wish.key_type.startswith("rsa") for request in requests)
    return PROCESSOR_WORKERS if is_rsa else FILE_WORKERS


def _refuse_twice(what: str, values: list[str], errors: InputCollector) -> None:
    for value, count in sorted(collections.Counter(values).items()):
        if count == 1:
            continue
        why = f"the {what} {value!r} stands in {count} places"
        _wrong(errors, f"duplicate_{what}", value, why, "Give each its own")


def _read(raw: dict[str, t.Any], check_mode: bool, errors: InputCollector) -> Request:
    name = raw["name"]
    name_error = item_name_error(name)
    if name_error is not None:
        _wrong(errors, "bad_name", name, name_error, "Rename it")
    common_name, dns_names = _names(raw, errors)
    subject = raw.get("subject") or {}
    wrong_fields = subject_errors(subject)
    for why in wrong_fields:
        _wrong(errors, "bad_subject", name, why, "Leave it out or correct it", reference="BR 7.1.2.7")
    key = raw.get("key") or {}
    return Request(
        name=name,
        wish=wish_for(common_name, dns_names, key.get("type") or "ecdsa-p256", {} if wrong_fields else subject),
        reuse=bool(key.get("reuse")),
        public_key_sha256=_digest(raw, check_mode, errors),
        recipients=tuple(_recipient(name, one, check_mode, errors) for one in raw.get("recipients") or ()),
        paths=_paths(raw, errors),
        made_by_seller=key.get("made_by") == "seller",
        sellers_key=_sellers_key(raw, key, errors),
    )


def _sellers_key(raw: dict[str, t.Any], key: dict[str, t.Any], errors: InputCollector) -> SellersKey | None:
    text, path = key.get("private_key"), key.get("private_key_file")
    if not text and not path:
        return None
    if key.get("made_by") != "seller":
        why = "a private key is given, and key.made_by is us"
        _wrong(errors, "bad_value", raw["name"], why, "Only a key that the seller made is taken in")
    if path and not os.path.isabs(path):
        _wrong(errors, "bad_path", raw["name"], f"{path!r} is no absolute path of a file", "Give one")
    return SellersKey(text.encode("utf-8", "replace") if text else None, path or "")


def _names(raw: dict[str, t.Any], errors: InputCollector) -> tuple[str, list[str]]:
    dns_names = list(raw.get("dns_names") or [])
    common_name = raw.get("common_name") or (dns_names[0] if dns_names else "")
    if not common_name:
        _wrong(errors, "no_names", raw["name"], "it has no name to certify", "Give common_name")
    elif len(dns_names) > _MAX_NAMES:
        why = f"it has {len(dns_names)} names, {_MAX_NAMES} are possible"
        _wrong(errors, "too_many_names", raw["name"], why, "Make several certificates of it")
    else:
        for why in names_errors(common_name, dns_names):
            _wrong(errors, "bad_dns_name", raw["name"], why, "Give A-labels in lower case, without a trailing dot")
    return common_name, dns_names


def _digest(raw: dict[str, t.Any], check_mode: bool, errors: InputCollector) -> str | None:
    digest: str | None = raw.get("public_key_sha256") or None
    if digest is None or _DIGEST.fullmatch(digest) or (check_mode and digest == KNOWN_AFTER_ORDER):
        return digest
    why = f"public_key_sha256 is {digest!r}: 64 hexadecimal digits in lower case are needed"
    _wrong(errors, "bad_value", raw["name"], why, "Give the value that an order or a request returned")
    return digest


def _recipient(name: str, raw: dict[str, t.Any], check_mode: bool, errors: InputCollector) -> Recipient:
    text = raw["public_key"]
    if check_mode and text == KNOWN_AFTER_ORDER:
        return Recipient(raw["host"], None)
    try:
        public_key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        public_key = b""
    if len(public_key) != _X25519_BYTES:
        why = f"the public key of the recipient {raw['host']!r} is no X25519 key of 32 bytes in Base64"
        _wrong(errors, "bad_recipient", name, why, "Give what certificate_deployments with state=prepare returned")
    return Recipient(raw["host"], public_key)


def _paths(raw: dict[str, t.Any], errors: InputCollector) -> Paths | None:
    given = raw.get("paths")
    if not given:
        return None
    for path in (given["privkey"], given["csr"]):
        if not os.path.isabs(path) or os.path.basename(path) in ("", ".", ".."):
            _wrong(errors, "bad_path", raw["name"], f"{path!r} is no absolute path of a file", "Give one")
    return Paths(given["privkey"], given["csr"])


def _wrong(errors: InputCollector, code: str, name: str, why: str, todo: str, *, reference: str = "") -> None:
    what = "Cannot make the request"
    errors.add(code, what=what, where=f"item {name!r}", why=why, todo=todo, reference=reference)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
