# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small internet, one for the tests of a file."""

from __future__ import annotations

import typing as t

import pytest

from eyes.net import Net


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Net]:
    with Net(tmp_path_factory.mktemp("eyes")) as one:
        yield one
