# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where tests import the collection from.

ansible-test brings its own way. Plain pytest gets a folder in .cache that leads back here.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def _make_collection_importable() -> None:
    with contextlib.suppress(ImportError):
        if importlib.util.find_spec("ansible_collections.inkan.tls") is not None:
            return
    root = REPOSITORY / ".cache" / "pytest-collections"
    link = root / "ansible_collections" / "inkan" / "tls"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        with contextlib.suppress(FileExistsError):  # another test process was quicker
            link.symlink_to(REPOSITORY)
    sys.path.insert(0, str(root))


def _known_to_ansible() -> None:
    """Whoever starts Ansible's own finder later (pytest-ansible does) finds a collection in what was imported before:
    without this, whatever is imported only when it is needed could not be."""
    with contextlib.suppress(ImportError):
        package = importlib.import_module("ansible_collections.inkan.tls")
        if getattr(package, "_collection_meta", None) is None:
            package._collection_meta = {}  # type: ignore[attr-defined]


_make_collection_importable()
_known_to_ansible()
