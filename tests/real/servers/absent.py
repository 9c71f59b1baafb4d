# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test does without the server that it needs: it is skipped, and fails where REQUIRE_REAL=1."""

from __future__ import annotations

import contextlib
import os
import typing as t

import pytest

from .process import Missing


@contextlib.contextmanager
def skipped_if_absent() -> t.Iterator[None]:
    try:
        yield
    except Missing as missing:
        if os.environ.get("REQUIRE_REAL", "") not in ("", "0"):
            pytest.fail(f"{missing} (REQUIRE_REAL=1)", pytrace=False)
        pytest.skip(str(missing))
