# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_guard without the start of a module, on the controller: the first task of every run.

Ansible loads an action once, in the process from which it then forks a worker for each task and host. A filter it loads
in the worker, and it compiles a collection's Python anew each time: for the rooms behind the filters of the roles that
was half of what the workers did. Loaded here, they are there in all workers.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.filter import run as _filters_of_the_roles
from ansible_collections.inkan.tls.plugins.modules.run_guard import argument_spec, run
from ansible_collections.inkan.tls.plugins.plugin_utils.on_controller import Door, OnController

LOADED_FOR_WORKERS = (_filters_of_the_roles,)


class ActionModule(OnController):
    door = Door(argument_spec, run)
