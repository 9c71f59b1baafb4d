# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source inkan.tls.ledger: certificates that are due, orders that are pending too long, certificates issued."""

from __future__ import annotations

import pathlib
import sys
import typing as t

DOCUMENTATION = r"""
short_description: Events of the ledger, due, pending and issued
description:
  - Looks at the ledger of inkan.tls on this machine, again and again, and never writes to it. No CA and no host is
    asked.
  - One event for each kind and look, with C(type), C(names), C(certificates) (a dictionary each, with C(name)) and
    C(ledger).
  - V(due), by the plan of role renew. Each certificate once, and once in 24 hours at most.
  - V(pending), an order that is open for longer than O(pending_hours). Each order once in each of its states.
  - V(issued), a certificate that the CA has handed out. Each once.
  - V(trouble), the ledger cannot be read, with C(code) and C(message). Once until it is over.
  - What was told is forgotten when the rulebook ends, so that an event may come again after a restart.
options:
  ledger_path:
    description: As the variable C(inkan_ledger_path).
    type: str
  delay:
    description: Seconds between two looks.
    type: int
    default: 60
  pending_hours:
    description: Hours after which an order is pending too long.
    type: int
    default: 72
  look_back_hours:
    description: Certificates that were issued so long before the start are told, too.
    type: int
    default: 24
  certificates:
    description:
      - The declared certificates, C(inkan_certificates). Then what is declared and not there is due, too, and what is
        not declared any more is never due. Without it, the validity of what the ledger holds decides, alone.
    type: list
  renewal:
    description: C(inkan_renewal), so that this source and role renew agree on the day.
    type: dict
  ca_accounts:
    description: C(inkan_ca_accounts) without their secrets, where the plan needs to know more than the product.
    type: dict
  products:
    description: C(inkan_products).
    type: dict
  sellers:
    description: C(inkan_sellers).
    type: dict
  organizations:
    description: C(inkan_organizations).
    type: dict
  now:
    description: C(inkan_now), for rehearsals in the lab.
    type: str
"""

EXAMPLES = r"""
- inkan.tls.ledger:
    ledger_path: /var/lib/inkan-tls/ledger.sqlite3
    delay: 300
"""


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    know_collections()
    from ansible_collections.inkan.tls.plugins.module_utils._module.watching import watch
    from ansible_collections.inkan.tls.plugins.module_utils._module.watching_ledger import Doors, Ledger
    from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info as info
    from ansible_collections.inkan.tls.plugins.modules import dcv_plan as plan

    ledger = Ledger(args, Doors(info.run, info.argument_spec, plan.run, plan.argument_spec))
    await watch(queue, ledger.look, ledger.delay, {"ledger": ledger.path})


def know_collections() -> None:
    """A rulebook knows no collections by itself. Ansible's own finder would make them known, but with its hook in place
    no other event source of the rulebook can be started any more: runpy takes their files for packages."""
    root = pathlib.Path(__file__).parents[7]
    if str(root) not in sys.path:
        sys.path.append(str(root))
    import ansible_collections

    places: t.Any = ansible_collections.__path__
    ours = str(root / "ansible_collections")
    if isinstance(places, list) and ours not in places:  # the package ansible has one of its own
        places.append(ours)
