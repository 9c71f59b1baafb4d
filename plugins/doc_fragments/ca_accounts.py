# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CA accounts and their secrets."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ca_accounts:
    description:
      - The CA accounts by name, as in the variable C(inkan_ca_accounts) but without secrets.
      - Each is a dictionary with C(adapter) (V(acme), V(digicert), V(globalsign_atlas), V(globalsign_gcc), V(portal) or
        V(rest)), C(settings) (a dictionary, described with the adapter, never secret) and, for M(inkan.tls.dcv_plan)
        only, C(offers).
      - All wrong settings of all accounts are reported in one message, before anything is done.
    type: dict
    default: {}
  secrets:
    description:
      - By name of the CA account, a dictionary of its secrets. All values are texts of at least 8 characters; shorter
        ones could not be masked in output.
      - A name that is not in O(ca_accounts) is refused.
    type: dict
    default: {}
"""
