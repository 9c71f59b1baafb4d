# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DNSSEC trust anchors of the root zone, as IANA publishes them (https://data.iana.org/root-anchors/).

This file is private to the collection.
"""

from __future__ import annotations

ROOT_ANCHORS: tuple[str, ...] = (
    # KSK-2017, in use since 2018-10-11
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    # KSK-2024, published 2025-01-11, signs since 2026-10-11
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)
