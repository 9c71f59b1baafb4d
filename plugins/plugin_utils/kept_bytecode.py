# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets Python import the other files of this collection, which keeps their bytecode in ``__pycache__``.

Ansible's own importer compiles each file of a collection anew in each process that imports it: 0.4 s of every playbook
with one of our plugins in it. Whoever is loaded by Ansible imports this first ("isort: split" keeps the order). What is
imported after it comes through Python's own machinery, which checks each kept file against its source, and does without
where nothing may be written (``PYTHONDONTWRITEBYTECODE``, a folder of somebody else).

This file is private to the collection.
"""

from __future__ import annotations

import sys
import typing as t
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader

_PLUGINS = "ansible_collections.inkan.tls.plugins."


class _KeptBytecode(MetaPathFinder):
    """Finds what lies in folders of the collection; a package without a file of its own it leaves to Ansible."""

    def find_spec(self, fullname: str, path: t.Sequence[str] | None, target: t.Any = None) -> ModuleSpec | None:
        if not fullname.startswith(_PLUGINS):
            return None
        for folder in path or ():
            spec = FileFinder(folder, (SourceFileLoader, [".py"])).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                return spec
        return None


if not any(isinstance(finder, _KeptBytecode) for finder in sys.meta_path):
    sys.meta_path.insert(0, _KeptBytecode())  # before Ansible's, which takes all of ansible_collections
