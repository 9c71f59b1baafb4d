#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: seller_requests_info
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Show the requests that a description of a seller's API makes
description:
  - Reads a description for the adapter V(rest), tells all mistakes in it with their lines, and shows every request that it
    would make for a certificate; request line, headers, body, and the text that is signed.
  - It is for writing a description with the seller's manual at hand. Nothing is sent, and no secret is asked for; where one
    would stand, there are stars.
  - What only the seller or an order can tell stands as a word in capitals, for example C(ORDER-ID), C(REFERENCE), C(SERIAL)
    or C(KEPT-cart).
  - Orders are placed by M(inkan.tls.certificate_orders).
extends_documentation_fragment:
  - inkan.tls.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Nothing is ever changed.
  idempotent:
    support: full
requirements:
  - jmespath, and PyYAML where the description is a text
notes:
  - It can run anywhere; the controller is the usual place.
options:
  url:
    description: The start of all addresses, as in the settings of the account.
    type: str
    required: true
  description:
    description: The description, as text (its errors have line numbers) or as a dictionary.
    type: raw
    required: true
  certificates:
    description: For what the requests are made.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Any word, unique in this call.
        type: str
        required: true
      product:
        description: A key of C(products) in the description.
        type: str
        required: true
      method:
        description: A key of C(methods) in the description.
        type: str
        required: true
      common_name:
        description: The first name. Default is the first of O(certificates[].dns_names).
        type: str
      dns_names:
        description: The names, as A-labels.
        type: list
        elements: str
        default: []
      contact:
        description: Who is asked for approval, C(kind) and C(address), where the method asks by mail.
        type: dict
        suboptions:
          kind:
            description: The kind of the contact.
            type: str
            choices: [constructed, txt, caa]
            required: true
          address:
            description: The mail address.
            type: str
            required: true
      options:
        description: Further options of the certificate, as in C(inkan_certificates).
        type: dict
        default: {}
      csr:
        description: The certificate request, PEM. Default is the word C(CSR).
        type: str
seealso:
  - module: inkan.tls.certificate_orders
"""

EXAMPLES = r"""
- name: Read the description of a seller, and see what would be sent
  inkan.tls.seller_requests_info:
    url: https://api.labssl.example/api/v1
    description: "{{ lookup('ansible.builtin.file', 'labssl.yml') }}"
    certificates:
      - name: by mail
        product: jprs-dv
        method: email
        dns_names: [www.example.jp]
        contact: {kind: constructed, address: hostmaster@example.jp}
      - name: by record
        product: digicert-dv
        method: dns
        dns_names: [shop.example.jp, '*.shop.example.jp']
  register: shown

- name: Print them
  ansible.builtin.debug:
    msg: "{{ shown.results[0].text.splitlines() }}"
"""

RETURN = r"""
results:
  description: One for each of O(certificates), in the same order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the certificate.
      returned: always
      type: str
      sample: by mail
    changed:
      description: Always false.
      returned: always
      type: bool
    outcome:
      description: Always V(shown).
      returned: always
      type: str
      sample: shown
    state:
      description: V(complete), or V(incomplete) where a request cannot be made for this certificate.
      returned: always
      type: str
      sample: complete
    error:
      description: Always null; what is wrong with one request is in RV(results[].requests[].problem).
      returned: always
      type: dict
    text:
      description: All requests as text for people.
      returned: always
      type: str
    requests:
      description: The requests, in the order in which an order meets them.
      returned: always
      type: list
      elements: dict
      contains:
        call:
          description: The key of C(calls) in the description; V(login) for C(auth.login).
          returned: always
          type: str
          sample: submit
        step:
          description: Which of the steps of its call it is.
          returned: always
          type: int
          sample: 1
        steps:
          description: How many steps its call has.
          returned: always
          type: int
          sample: 2
        line:
          description: Method and address.
          returned: always
          type: str
          sample: POST https://api.labssl.example/api/v1/orders
        headers:
          description: The headers that the description and the body make.
          returned: always
          type: dict
        body:
          description: The body, JSON with line ends and blanks for people; empty for none.
          returned: always
          type: str
        signed:
          description: The text that the signature is made of, empty where nothing is signed.
          returned: always
          type: str
        problem:
          description: Why it cannot be made for this certificate; empty if it can.
          returned: always
          type: str
seller:
  description: What the description says of the seller.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: ラボSSL
    methods:
      description: The validation methods that it has.
      returned: always
      type: list
      elements: str
    calls:
      description: The calls that are described.
      returned: always
      type: list
      elements: str
    secrets:
      description: The secrets that an account needs.
      returned: always
      type: list
      elements: str
      sample: [api_key]
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.preview import (
    CSR,
    Shown,
    body_of,
    preview,
    read_unasked,
    text_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module

_CONTACT = {
    "type": "dict",
    "options": {
        "kind": {"type": "str", "choices": ["constructed", "txt", "caa"], "required": True},
        "address": {"type": "str", "required": True},
    },
}


def argument_spec() -> dict[str, t.Any]:
    certificate = {
        "name": {"type": "str", "required": True},
        "product": {"type": "str", "required": True},
        "method": {"type": "str", "required": True},
        "common_name": {"type": "str"},
        "dns_names": {"type": "list", "elements": "str", "default": []},
        "contact": _CONTACT,
        "options": {"type": "dict", "default": {}},
        "csr": {"type": "str"},
    }
    return {
        "url": {"type": "str", "required": True},
        "description": {"type": "raw", "required": True},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": certificate},
    }


def run(params: dict[str, t.Any], check_mode: bool, clock: Clock | None = None) -> Result:
    errors = InputCollector()
    settings, wrong = read_unasked(params["url"], params["description"])
    for why in wrong:
        errors.add("account_settings", what="Cannot use the description", where="", why=why, todo="Correct it")
    wishes = [_wish(raw, errors) for raw in params["certificates"]]
    _refuse_repeated(params["certificates"], errors)
    errors.refuse()
    if settings is None:
        return Result([])
    now = (clock or SystemClock()).now()
    items = [_item(raw["name"], preview(settings, wish, now)) for raw, wish in zip(params["certificates"], wishes)]
    return Result(items, extra={"seller": _seller(settings)})


def _wish(raw: t.Mapping[str, t.Any], errors: InputCollector) -> OrderRequest:
    given = [one.lower().rstrip(".") for one in raw["dns_names"]]
    first = (raw["common_name"] or (given[0] if given else "")).lower()
    names = list(dict.fromkeys([first, *given])) if first else given
    for name in names or [""]:
        why = dns_name_error(name, wildcard=True)
        if why:
            where = f'item "{raw["name"]}"'
            errors.add(
                "bad_value", what="Cannot read dns_names", where=where, why=f"{name!r}: {why}", todo="Correct it"
            )
    options = {**raw["options"], **({"contact": dict(raw["contact"])} if raw["contact"] else {})}
    return OrderRequest(
        reference="REFERENCE",
        common_name=first,
        dns_names=tuple(names),
        method=raw["method"],
        csr_pem=raw["csr"] or CSR,
        product=raw["product"],
        options=options,
    )


def _refuse_repeated(items: t.Sequence[t.Mapping[str, t.Any]], errors: InputCollector) -> None:
    names = [item["name"] for item in items]
    for name in sorted({name for name in names if names.count(name) > 1}):
        why = "two items have this name"
        errors.add("duplicate_name", what="Cannot tell them apart", where=f'item "{name}"', why=why, todo="Rename one")


def _item(name: str, shown: t.Sequence[Shown]) -> ItemResult:
    state = "incomplete" if any(one.why for one in shown) else "complete"
    extra = {"text": text_of(shown), "requests": [_request(one) for one in shown]}
    return ItemResult(name, "shown", state, extra=extra)


def _request(one: Shown) -> dict[str, t.Any]:
    made = one.request
    return {
        "call": one.call,
        "step": one.step,
        "steps": one.steps,
        "line": f"{made.verb} {made.url}" if made is not None else "",
        "headers": dict(made.headers) if made is not None else {},
        "body": body_of(made) if made is not None and made.body is not None else "",
        "signed": made.signed if made is not None else "",
        "problem": one.why,
    }


def _seller(settings: Settings) -> dict[str, t.Any]:
    described = settings.description
    return {
        "name": described.seller,
        "methods": list(described.methods),
        "calls": list(described.calls),
        "secrets": sorted(described.secrets),
    }


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
