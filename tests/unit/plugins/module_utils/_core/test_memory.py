# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gc

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.memory import keep_what_is_there, without_collection


def test_the_collector_is_on_again_whatever_happens() -> None:
    assert gc.isenabled()
    with pytest.raises(RuntimeError), without_collection():
        assert not gc.isenabled()
        raise RuntimeError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with without_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_there_is_not_searched_any_more() -> None:
    try:
        keep_what_is_there()
        assert gc.get_freeze_count() > 1000
        assert len(gc.get_objects()) < 1000
    finally:
        gc.unfreeze()
