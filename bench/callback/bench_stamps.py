# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible callback that writes when each task began: a line of seconds and name; the last one is the play's end."""

from __future__ import annotations

import os
import time
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: bench_stamps
type: aggregate
short_description: Write when each task began
description: Writes a line for each task to the file that E(BENCH_STAMPS) names.
requirements: []
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bench_stamps"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._write(task.get_name())

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._write("")

    def _write(self, name: str) -> None:
        with open(os.environ["BENCH_STAMPS"], "a", encoding="utf-8") as stream:
            stream.write(f"{time.monotonic():.4f} {name}\n")
