# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where keys and certificates lie on a host, worded once."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  store_path:
    description:
      - The store of this host. Each certificate has a folder there with numbered generations and a link C(live) to one
        of them. Services read C(<store_path>/<name>/live/fullchain.pem) and C(privkey.pem).
      - It is made with mode 0700 if it is missing. A link, or a folder where others may write, is refused.
      - Default is C(/etc/inkan-tls) for root, else C(~/.local/share/inkan-tls/store).
    type: path
requirements:
  - cryptography >= 36
"""
