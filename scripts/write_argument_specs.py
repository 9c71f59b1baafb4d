# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write roles/*/meta/argument_specs.yml and meta/main.yml from docs/variables.yml; --check only says what differs."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
HEADER = """# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by scripts/write_argument_specs.py from docs/variables.yml; edit that file.
---
"""


def wanted_files() -> dict[Path, str]:
    """Path → text, for every role."""
    source = yaml.safe_load((REPOSITORY / "docs" / "variables.yml").read_text(encoding="utf-8"))
    files = {}
    for name, role in source["roles"].items():
        meta = REPOSITORY / "roles" / name / "meta"
        options = {key: option for group in role["options"] for key, option in source["groups"][group].items()}
        files[meta / "argument_specs.yml"] = _text({"argument_specs": {"main": _spec(role, options)}})
        files[meta / "main.yml"] = _text({"galaxy_info": _galaxy_info(role)})
    return files


def _spec(role: dict[str, t.Any], options: dict[str, t.Any]) -> dict[str, t.Any]:
    words = {key: role[key] for key in ("short_description", "description")}
    return {**words, "version_added": "0.1.0", "author": ["The inkan.tls developers (@inkan-tls)"], "options": options}


def _galaxy_info(role: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "author": "The inkan.tls developers",
        "description": role["short_description"],
        "license": "GPL-3.0-or-later",
        "min_ansible_version": "2.19",
        "platforms": [{"name": "Debian", "versions": ["bookworm"]}, {"name": "EL", "versions": ["9"]}],
    }


class _Indented(yaml.SafeDumper):
    """yamllint wants lists indented below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        return super().increase_indent(flow, False)


def _text(data: dict[str, t.Any]) -> str:
    return HEADER + yaml.dump(data, Dumper=_Indented, sort_keys=False, allow_unicode=True, width=110)


def main() -> int:
    stale = [
        path for path, text in wanted_files().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if "--check" in sys.argv:
            print(
                f"{path.relative_to(REPOSITORY)} differs from docs/variables.yml: run scripts/write_argument_specs.py"
            )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted_files()[path], encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
