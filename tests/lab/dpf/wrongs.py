# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API says when it says no: 400 with details, and the rest with a sentence."""

from __future__ import annotations

import typing as t

Document = dict[str, t.Any]
WRONG = "There are invalid parameters."
NO_JSON = "JSON parse error occurred."


class Wrong(Exception):
    """400 ParameterError. ``details``: (code, attribute)."""

    def __init__(self, *details: tuple[str, str]) -> None:
        super().__init__(", ".join(f"{code} | {attribute}" for code, attribute in details) or NO_JSON)
        self.details = details

    def document(self) -> Document:
        """Without its request_id."""
        if not self.details:
            return {"error_type": "ParameterError", "error_message": NO_JSON}
        parts = [{"code": code, "attribute": attribute} for code, attribute in self.details]
        return {"error_type": "ParameterError", "error_message": WRONG, "error_details": parts}


def schema() -> Wrong:
    """A parameter is not of its type."""
    return Wrong(("invalid", "schema"))


def no_zone() -> Wrong:
    return Wrong(("not_found", "zone"))
