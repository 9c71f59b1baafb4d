# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bill of materials of a release (CycloneDX 1.6 JSON): what is installed beside the collection where it runs.

The packages that meta/ee-requirements.txt names, ansible-core, and all that these bring, in the versions that the tests
of this commit run with (requirements/demo.txt). What the requirement allows stands as a property.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
import uuid
from datetime import datetime, timezone
from pathlib import Path

NAMESPACE = uuid.UUID("5b8f9f5e-6d35-4d27-9d0a-2f8e7e0c7a11")


class Pin(t.NamedTuple):
    """``via``: which packages asked for it; names of files begin with -r."""

    name: str
    version: str
    marker: str
    via: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def bill_of_materials(repository: Path, tarball: Path, when: int) -> str:
    pins = read_lock((repository / "requirements/demo.txt").read_text("utf-8"))
    allowed = read_requirements((repository / "meta/ee-requirements.txt").read_text("utf-8"))
    allowed["ansible-core"] = requires_ansible((repository / "meta/runtime.yml").read_text("utf-8"))
    needed = closure(pins, set(allowed))
    ours = component_of(tarball)
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, ours['hashes'][0]['content'])}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": ours,
        },
        "components": [component(pin, allowed) for pin in needed],
        "dependencies": dependencies(ours["bom-ref"], needed, set(allowed)),
    }
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def component_of(tarball: Path) -> dict[str, t.Any]:
    namespace, name, version = tarball.name.removesuffix(".tar.gz").split("-", 2)
    purl = f"pkg:generic/{namespace}.{name}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "group": namespace,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(tarball.read_bytes()).hexdigest()}],
    }


def component(pin: Pin, allowed: t.Mapping[str, str]) -> dict[str, t.Any]:
    told = {"inkan:requirement": allowed.get(pin.name, ""), "inkan:only-where": pin.marker}
    properties = [{"name": name, "value": value} for name, value in told.items() if value]
    return {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.purl,
        "scope": "required",
        **({"properties": properties} if properties else {}),
    }


def dependencies(ours: str, needed: t.Sequence[Pin], roots: t.Collection[str]) -> list[dict[str, t.Any]]:
    def on(name: str) -> list[str]:
        return sorted(pin.purl for pin in needed if name in pin.via)

    direct = sorted(pin.purl for pin in needed if pin.name in roots)
    rows = [{"ref": pin.purl, "dependsOn": on(pin.name)} for pin in needed]
    return [{"ref": ours, "dependsOn": direct}, *rows]


def closure(pins: t.Sequence[Pin], roots: t.Collection[str]) -> list[Pin]:
    """The roots and all that they ask for, and what that asks for. KeyError names a root that the lock lacks."""
    missing = set(roots) - {pin.name for pin in pins}
    if missing:
        raise KeyError(f"requirements/demo.txt lacks {', '.join(sorted(missing))}; run: make lock")
    names = set(roots)
    while True:
        more = {pin.name for pin in pins if names & set(pin.via)} - names
        if not more:
            return [pin for pin in pins if pin.name in names]
        names |= more


# --- the files that say what is needed -----------------------------------------------------------------------------


def read_lock(text: str) -> list[Pin]:
    """A lock as uv writes it: each pin at the beginning of a line, who asked for it in the comment below."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)
    return [pin for pin in map(_pin, blocks) if pin is not None]


def _pin(block: str) -> Pin | None:
    head = re.match(r"([a-z0-9][a-z0-9._-]*)==([^\s;]+)(?: ; ([^\\\n]+?))?(?: \\)?\n", block)
    if head is None:
        return None
    comment = block.partition("# via")[2]
    return Pin(
        head[1], head[2], head[3] or "", tuple(re.findall(r"^\s*(?:#\s+)?(\S.*?)$", comment.replace("#", ""), re.M))
    )


def read_requirements(text: str) -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    pairs = [re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", line) for line in lines if line]
    return {pair[1]: pair[2] for pair in pairs if pair is not None}


def requires_ansible(text: str) -> str:
    found = re.search(r'^requires_ansible: "(.+)"$', text, re.M)
    if found is None:
        raise KeyError("meta/runtime.yml has no requires_ansible")
    return found[1]
