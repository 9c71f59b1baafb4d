# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns_tokens without the start of a module, on the controller."""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.modules.dns_tokens import NEEDS, argument_spec, run
from ansible_collections.inkan.tls.plugins.plugin_utils.on_controller import Door, OnController


class ActionModule(OnController):
    door = Door(argument_spec, run, NEEDS, checks_long=True)
