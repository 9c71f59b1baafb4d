#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_deployments
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Bring certificates live on a host, prove them, and roll back
description:
  - Works on the store of a host, where each certificate has numbered generations and a link C(live) to one of them.
    Services read C(<store_path>/<name>/live/fullchain.pem) and C(privkey.pem) there.
  - V(prepare) makes a key that a private key can be sealed to, on a host that receives one.
  - V(verify) puts certificate, chain and (where it was sealed to this host) private key into a generation of their own,
    after their key, names, signatures and dates were checked. Nothing live is touched.
  - V(switch) makes that generation live by one atomic rename, writes the extra copies, reloads the service, and proves
    by a TLS handshake that it serves exactly this certificate. If it does not, the generation before becomes live again
    and the service is reloaded again.
  - V(rollback) makes the generation before live again, with the same proof.
  - V(hand_over) puts certificate, chain and private key of one item (O(certificates[].source)) as files with mode 0600 into
    C(<store_path>-handover/<name>), for a person who registers them at a seller's portal; without
    O(certificates[].certificate) it removes them. It is the one way in which a key leaves the store in clear.
  - A run that is killed at any point is finished by the next one. It leaves a journal on the host for that.
  - It orders nothing and asks no CA. The step before is M(inkan.tls.certificate_orders), the one after is
    M(inkan.tls.certificate_orders) again, to record what was observed.
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
    support: partial
    details:
      - Each V(rollback) without O(certificates[].to_serial) goes one generation further back. All else is idempotent.
notes:
  - Runs on each target, as a user who may write the store, the copies, and reload the service.
  - The handshake does not verify the certificate against a trust store. It compares it, byte for byte, with the one on
    disk, sends nothing and trusts nothing.
  - Items with the same O(certificates[].deploy.reload) share one reload. If it fails, each is tried by itself.
  - A service that did not answer before is no reason to roll back. The certificate stays live, the item has the error
    C(service_unproven), and the next run tries to prove it again.
  - Copies are first all written, then all renamed, the private key first. Between these renames a service that starts
    just then may find the new key beside the old certificate. The live link and a copy with V(combined) content have
    no such window.
  - Before the first deployment of a certificate, a private key and a certificate that already lie where copies go, and
    belong together, are kept as generation 0. They come back if the new certificate is not proven, and by V(rollback).
  - An error of one item never stops the others. Mistakes in the options refuse the whole call before anything is done.
options:
  state:
    description: What to do.
    type: str
    choices: [prepare, verify, switch, rollback, hand_over]
    required: true
  keep_generations:
    description:
      - How many generations with a certificate are kept for rollback. Older ones are removed after a proven switch.
      - The live one, the one before it, newer ones and staged keys without a certificate always stay.
    type: int
    default: 3
  now:
    description:
      - A moved clock for tests, in ISO 8601, used to judge dates.
      - Refused unless every handshake goes to a loopback address.
    type: str
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
      certificate:
        description:
          - The certificate of the names (leaf), PEM. Needed by V(verify) and V(switch).
          - V(known_after_order) is possible in check mode.
        type: str
      chain:
        description: The certificates of its issuers, PEM, from the one that signed it upwards.
        type: list
        elements: str
        default: []
      public_key_sha256:
        description:
          - The key that was ordered with, as SHA-256 of its DER SubjectPublicKeyInfo.
          - Default is the public key of O(certificates[].certificate).
        type: str
      dns_names:
        description: Names, as A-labels, that the certificate must cover.
        type: list
        elements: str
        default: []
      sealed_key:
        description:
          - The private key, sealed to the key that V(prepare) returned for this host, base64.
          - Only needed on a host that does not hold the key yet. Only this host can open it.
        type: str
      source:
        description: With V(hand_over), the name in the store whose certificate and key are handed over.
        type: str
      to_serial:
        description: The certificate to roll back to, by its serial number. Default is the newest before the live one.
        type: str
      deploy:
        description: How it is brought into service.
        type: dict
        default: {}
        suboptions:
          by:
            description: Who installs it. With V(seller) there is nothing to do on a host, so it is refused here.
            type: str
            choices: [us, seller]
            default: us
          reload:
            description:
              - The name of a service (reloaded by systemd or service), a dictionary with C(argv), or one with
                C(pid_file) and C(signal) (V(HUP), V(USR1) or V(USR2), default V(HUP)). No shell is involved.
              - A stopped service is not started.
            type: raw
          owner:
            description:
              - The owner of the private key in the store, and of copies that name none.
              - If owner, group or mode is given, all may pass the directories of the store, not list them (0711).
            type: str
          group:
            description: The group of the private key in the store, and of copies that name none.
            type: str
          mode:
            description: The mode of the private key in the store and of copies with the key that name none, as V(0640).
            type: raw
          copies:
            description: Files outside the store that get the same content. Their directories must exist.
            type: list
            elements: dict
            default: []
            suboptions:
              path:
                description: Absolute path. A link there is refused.
                type: path
                required: true
              content:
                description: What it holds. V(combined) is the full chain and the private key in one file.
                type: str
                choices: [privkey, cert, chain, fullchain, combined]
                required: true
              owner:
                description: Its owner.
                type: str
              group:
                description: Its group.
                type: str
              mode:
                description: Its mode in octal. Default is V(0600) with a private key, else V(0644).
                type: raw
          post_check:
            description: A dictionary with C(argv), a command that must end with status 0 after the reload.
            type: dict
            suboptions:
              argv:
                description: The command and its arguments. No shell is involved.
                type: list
                elements: str
                required: true
          handshake:
            description: Where to look what the service really serves. Without it, only the reload and the check count.
            type: dict
            suboptions:
              address:
                description: The address to connect to.
                type: str
                required: true
              port:
                description: The port.
                type: int
                default: 443
              server_name:
                description: The name to ask for. Default is a name of the certificate.
                type: str
              timeout:
                description: Seconds within which the service must serve the certificate after its reload.
                type: float
                default: 10
"""

EXAMPLES = r"""
- name: Make a key to receive with, on a host that does not hold the private key
  inkan.tls.certificate_deployments:
    state: prepare
    certificates:
      - name: shop

- name: Verify the issued certificate beside the live one
  inkan.tls.certificate_deployments:
    state: verify
    certificates:
      - name: shop
        certificate: "{{ issued.certificate }}"
        chain: "{{ issued.chain }}"
        public_key_sha256: "{{ issued.public_key_sha256 }}"
        dns_names: [shop.example.jp, www.shop.example.jp]

- name: Switch to it, reload nginx, and prove it
  inkan.tls.certificate_deployments:
    state: switch
    certificates:
      - name: shop
        certificate: "{{ issued.certificate }}"
        chain: "{{ issued.chain }}"
        public_key_sha256: "{{ issued.public_key_sha256 }}"
        dns_names: [shop.example.jp, www.shop.example.jp]
        deploy:
          reload: nginx
          handshake:
            address: 127.0.0.1
            server_name: shop.example.jp
          copies:
            - path: /etc/haproxy/certs/shop.pem
              content: combined
              group: haproxy
              mode: "0640"
          post_check:
            argv: [curl, --fail, --silent, --output, /dev/null, "https://shop.example.jp/health"]

- name: Go back to the certificate before
  inkan.tls.certificate_deployments:
    state: rollback
    certificates:
      - name: shop
        deploy:
          reload: nginx
          handshake:
            address: 127.0.0.1
            server_name: shop.example.jp
"""

RETURN = r"""
results:
  description: One result for each item of O(certificates), in its order.
  returned: when the options are valid
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      type: str
      returned: always
      sample: shop
    changed:
      description: Whether something was changed on this host, or would be.
      type: bool
      returned: always
    outcome:
      description:
        - V(prepared) or V(kept) for V(prepare), V(verified) or V(kept) for V(verify), V(switched) or V(kept) for
          V(switch), V(rolled_back) or V(kept) for V(rollback).
        - V(handed_over), V(withdrawn) or V(kept) for V(hand_over).
        - V(rolled_back) with an error after V(switch), if the certificate was not proven, or could not be put in its place,
          and the one before is back.
        - V(unproven) with an error, if the new certificate is live on disk and nothing proves that it is served.
        - V(refused) with an error, if nothing was done.
      type: str
      returned: always
      sample: switched
    state:
      description: What is there now.
      type: str
      returned: always
      sample: live
    error:
      description: Null, or what failed, where, why, and what to do.
      type: dict
      returned: always
    recipient:
      description: The public key (X25519, base64) to seal a private key to. V(known_after_order) in check mode.
      type: str
      returned: with O(state=prepare)
      sample: 3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=
    generation:
      description:
        - The generation that is meant by V(verify), or live after V(switch) and V(rollback).
        - V(0) is what lay where the copies go before the first deployment.
      type: int
      returned: with O(state=verify), O(state=switch) and O(state=rollback)
      sample: 7
    previous:
      description: The generation that was live before, if it is another one, else null.
      type: int
      returned: with O(state=switch) and O(state=rollback)
      sample: 6
    serial:
      description: The serial number of the certificate in RV(results[].generation).
      type: str
      returned: with another O(state)
      sample: 3a5f0c
    not_after:
      description: Its end.
      type: str
      returned: with another O(state)
      sample: "2026-11-20T00:00:00Z"
    not_before:
      description: Its beginning.
      type: str
      returned: with O(state=switch) and O(state=rollback)
      sample: "2026-08-22T00:00:00Z"
    issuer:
      description: Who signed it.
      type: str
      returned: with O(state=switch) and O(state=rollback)
      sample: CN=Example CA,O=Example,C=JP
    public_key_sha256:
      description: SHA-256 of its DER SubjectPublicKeyInfo.
      type: str
      returned: with O(state=verify)
    served_serial:
      description: The serial number of the certificate that the service served at the last look, or null.
      type: str
      returned: with O(state=switch) and O(state=rollback)
      sample: 3a5f0c
    path:
      description: The folder with the files for the person.
      type: str
      returned: with O(state=hand_over)
      sample: /etc/inkan-tls-handover/order-7
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import Wish
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy_input import read_now, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import FILE_WORKERS, executor_for
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import served_certificate
from ansible_collections.inkan.tls.plugins.module_utils._io.service import Service
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store, default_store_path
from ansible_collections.inkan.tls.plugins.module_utils._module.handing_over import hand_over
from ansible_collections.inkan.tls.plugins.module_utils._module.placing import prepare, verify
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import (
    Diff,
    ItemResult,
    Library,
    Result,
    run_module,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.switch_judging import Direction, Ports
from ansible_collections.inkan.tls.plugins.module_utils._module.switching import bring_live
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import CRYPTOGRAPHY_ERROR

NEEDS = (Library("cryptography", CRYPTOGRAPHY_ERROR, "to verify certificates against their keys"),)


def argument_spec() -> dict[str, t.Any]:
    return {
        "state": {"type": "str", "choices": ["prepare", "verify", "switch", "rollback", "hand_over"], "required": True},
        "store_path": {"type": "path"},
        "keep_generations": {"type": "int", "default": 3},
        "now": {"type": "str"},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": _item_spec()},
    }


def _item_spec() -> dict[str, t.Any]:
    return {
        "name": {"type": "str", "required": True},
        "certificate": {"type": "str"},
        "chain": {"type": "list", "elements": "str", "default": []},
        "public_key_sha256": {"type": "str", "no_log": False},
        "dns_names": {"type": "list", "elements": "str", "default": []},
        "sealed_key": {"type": "str", "no_log": False},  # ciphertext: only this host can open it
        "source": {"type": "str"},
        "to_serial": {"type": "str"},
        "deploy": {"type": "dict", "default": {}, "options": _deploy_spec()},
    }


def _deploy_spec() -> dict[str, t.Any]:
    standing = {"owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "raw"}}
    contents = ["privkey", "cert", "chain", "fullchain", "combined"]
    copy = {
        "path": {"type": "path", "required": True},
        "content": {"type": "str", "choices": contents, "required": True},
    }
    look = {
        "address": {"type": "str", "required": True},
        "port": {"type": "int", "default": 443},
        "server_name": {"type": "str"},
        "timeout": {"type": "float", "default": 10},
    }
    argv = {"argv": {"type": "list", "elements": "str", "required": True}}
    return {
        "by": {"type": "str", "choices": ["us", "seller"], "default": "us"},
        "reload": {"type": "raw"},
        **standing,
        "copies": {"type": "list", "elements": "dict", "default": [], "options": {**copy, **standing}},
        "post_check": {"type": "dict", "options": argv},
        "handshake": {"type": "dict", "options": look},
    }


def run(params: dict[str, t.Any], check_mode: bool, ports: Ports | None = None) -> Result:
    errors = InputCollector()
    store_path = params["store_path"] or default_store_path()
    if params["state"] == "hand_over":
        return hand_over(ports.store if ports else Store(store_path), params["certificates"], check_mode)
    wishes = read_wishes(params["certificates"], params["state"], store_path, check_mode, errors)
    now = read_now(params["now"], wishes, errors)
    if params["keep_generations"] < 1:
        errors.add(
            "bad_value",
            what="Cannot use the option keep_generations",
            where="options",
            why=f"{params['keep_generations']} is below 1",
            todo="Keep at least one generation",
        )
    errors.refuse()
    clock = SystemClock(now)
    executor = executor_for(FILE_WORKERS)
    ports = ports or Ports(Store(store_path, clock=clock), Service(), served_certificate, clock, executor=executor)
    return _run(params, wishes, check_mode, ports)


def _run(params: dict[str, t.Any], wishes: list[Wish], check_mode: bool, ports: Ports) -> Result:
    state = params["state"]
    if state in ("switch", "rollback"):
        direction = Direction(state == "rollback", params["keep_generations"])
        return Result(*bring_live(ports, wishes, direction, check_mode))
    placed = ports.executor.map(lambda wish: _placed(state, wish, check_mode, ports), wishes)
    return Result([item for item, _diff in placed], [diff for _item, diff in placed if diff is not None])


def _placed(state: str, wish: Wish, check_mode: bool, ports: Ports) -> tuple[ItemResult, Diff | None]:
    """prepare or verify of one item; its error never reaches the others."""
    try:
        if state == "prepare":
            return prepare(ports.store, wish, check_mode), None
        return verify(ports.store, wish, ports.clock.now(), check_mode)
    except InkanError as error:
        return ItemResult(wish.name, "refused", None, error=error), None


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run, needs=NEEDS)


if __name__ == "__main__":
    main()
