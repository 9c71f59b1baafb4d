# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with a file token, by what stands at its place."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import (
    FileToken,
    Found,
    found_after,
    outcome_of,
    path_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER

OLD = hashlib.sha256(b"old").hexdigest()
PATH = ".well-known/pki-validation/gsdv.txt"


def token(content: bytes | None = b"new", present: bool = True, path: str = PATH, root: str = "/srv/") -> FileToken:
    return FileToken("shop", root, path, content, None, None, 0o644, present, (OLD,))


OUTCOMES = [
    pytest.param(token(), Found(), "placed", id="nothing is there"),
    pytest.param(token(), Found(b"new"), "kept", id="it is there"),
    pytest.param(token(), Found(b"new", access_differs=True), "placed", id="it is there with other access"),
    pytest.param(token(), Found(b"old"), "placed", id="an older one of ours is there"),
    pytest.param(token(), Found(b"else"), "foreign", id="something else is there"),
    pytest.param(token(), Found(too_large=True), "foreign", id="something large is there"),
    pytest.param(
        token(KNOWN_AFTER_ORDER.encode()), Found(b"else"), "placed", id="what the order will tell is not judged"
    ),
    pytest.param(token(present=False), Found(), "absent", id="nothing to remove"),
    pytest.param(token(present=False), Found(left=True), "removed", id="what a killed run left is removed"),
    pytest.param(token(present=False), Found(b"new"), "removed", id="it is removed"),
    pytest.param(token(None, present=False), Found(b"else"), "removed", id="whatever is there is removed"),
    pytest.param(token(present=False), Found(b"else"), "foreign", id="something else is not removed"),
    pytest.param(token(None, present=False), Found(too_large=True), "foreign", id="something large is not removed"),
]


@pytest.mark.parametrize(("wished", "found", "outcome"), OUTCOMES)
def test_what_is_done(wished: FileToken, found: Found, outcome: str) -> None:
    assert outcome_of(wished, found) == outcome
    after = {"placed": Found(wished.content), "removed": Found()}.get(outcome, found)
    assert found_after(wished, found) == after


def test_a_name_that_only_the_order_will_tell_is_a_file_of_its_own() -> None:
    unknown = token(path=f".well-known/pki-validation/{KNOWN_AFTER_ORDER}")
    assert found_after(unknown, Found()) == Found()
    assert (unknown.file, unknown.folders) == (KNOWN_AFTER_ORDER, (".well-known", "pki-validation"))


def test_one_file_has_one_place_however_its_folder_is_written() -> None:
    assert token(root="/srv/").place == token(root="/srv").place == ("/srv", PATH)
    assert token(root="/srv").place != token(root="/srv2").place
    assert token().file == "gsdv.txt"


@pytest.mark.parametrize("path", [PATH, ".well-known/acme-challenge/a_B-9", ".well-known/pki-validation/x.html"])
def test_paths_of_tokens(path: str) -> None:
    assert path_error(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        f"/{PATH}",
        ".well-known/pki-validation/../x",
        ".well-known/pki-validation/",
        ".well-known/pki-validation/a.php",
        ".well-known/other/a.txt",
        f"{PATH}\n",
        f"x/{PATH}",
    ],
)
def test_paths_of_no_token(path: str) -> None:
    assert path_error(path) is not None
