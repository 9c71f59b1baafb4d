# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for something, and saying for what."""

from __future__ import annotations

import time
import typing as t


def wait_for(condition: t.Callable[[], t.Any], what: str, seconds: float = 15.0, step: float = 0.02) -> t.Any:
    """The first true value of ``condition``; an error that says what was awaited when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s in vain for: {what}")
        time.sleep(step)
