# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to look as the CA looks, worded once."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  sight:
    description:
      - How to look as the CA looks, as in the variable C(inkan_sight).
      - Ports differ from their defaults only in a lab.
    type: dict
    default: {}
    suboptions:
      resolvers:
        description:
          - IP addresses of the resolvers to ask, in order. Default are those of this machine, which may see an internal
            view of the zones that the CA does not see.
          - They are asked for zones, name servers and addresses only. The record itself is asked of the authoritative
            servers, so that no resolver remembers its absence.
          - Authoritative servers without recursion will do where they hold all zones.
        type: list
        elements: str
        default: []
      dns_port:
        description: The port of resolvers and authoritative servers.
        type: int
        default: 53
      http_port:
        description: The port that stands for port 80.
        type: int
        default: 80
      https_port:
        description: The port that stands for port 443.
        type: int
        default: 443
      trust_anchors:
        description:
          - DNSSEC trust anchors, each a DS record in zone file form, for example
            C(example.jp. IN DS 12345 13 2 ABCD...). An empty list validates nothing.
          - Default are those of the root zone, as IANA publishes them; where O(sight.dns_port) is not V(53), none.
        type: list
        elements: str
      own_resolvers:
        description:
          - Resolvers whose view is compared with what the authoritative servers show, once these all show a record.
            What differs is a warning.
          - Default are those of this machine; where O(sight.dns_port) is not V(53), none.
        type: list
        elements: str
      private_addresses:
        description:
          - Whether addresses of inner networks and of this machine are looked at like others. A CA reaches none of
            them.
          - Default is V(false), and V(true) where a port is not its default.
        type: bool
      ca_bundle:
        description:
          - A PEM file of the CAs that M(inkan.tls.approval_mails) trusts when it opens an approval page, instead of
            those of the system. Nobody else reads it.
        type: path
"""
