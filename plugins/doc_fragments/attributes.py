# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module promises, worded once. A module extends this and fills in its own ``support``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: With C(--check) the module predicts RV(ignore:changed) and its results, and writes nothing anywhere.
  diff_mode:
    description: With C(--diff) the module shows what it changes, or would change, as text a person can read.
  idempotent:
    description: A second run with the same options, with nothing else changed in between, changes nothing.
"""

    ACTIONGROUP_DNS = r"""
options: {}
attributes:
  action_group:
    description: Set options for all modules of this group at once with C(group/inkan.tls.dns) in C(module_defaults).
    support: full
    membership:
      - inkan.tls.dns
"""

    ACTIONGROUP_CA = r"""
options: {}
attributes:
  action_group:
    description: Set options for all modules of this group at once with C(group/inkan.tls.ca) in C(module_defaults).
    support: full
    membership:
      - inkan.tls.ca
"""

    ACTIONGROUP_HOST = r"""
options: {}
attributes:
  action_group:
    description: Set options for all modules of this group at once with C(group/inkan.tls.host) in C(module_defaults).
    support: full
    membership:
      - inkan.tls.host
"""
