# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes the lab seconds of real time takes it tenths here, where a test has to wait for it again and again."""

from __future__ import annotations

import pytest

#: so long an order may be missing in a list
INDEX = 0.3


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> float:
    """Returns how long a patient client waits for a list."""
    for name in ("lab.seller.api", "lab.digicert.api_orders"):
        monkeypatch.setattr(f"{name}.INDEX_SECONDS", INDEX)
    monkeypatch.setattr("lab.atlas.api_certificates.INDEX_SECONDS", INDEX)
    monkeypatch.setattr("lab.atlas.api_certificates.SLOW_SECONDS", INDEX)
    monkeypatch.setattr("lab.seller.desk.SLOW_EXAMINATION_SECONDS", 0.5)
    monkeypatch.setattr("lab.digicert.desk.SLOW_SECONDS", 0.5)
    monkeypatch.setattr("lab.playing.DRIP_SECONDS", 0.3)
    monkeypatch.setattr("lab.mail.LATE_SECONDS", 0.3)
    return INDEX + 0.2
