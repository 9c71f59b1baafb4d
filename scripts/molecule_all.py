# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every molecule scenario, and the example that users copy; ends with a table.

    scripts/venv release python scripts/molecule_all.py [SCENARIO ...]      (make molecule-all)

default, approval   in the lab, without a container
upgrade             from the release before; needs the history of this repository
rollback            three hosts with systemd in podman; its image is made by mmdebstrap, once
users               docs/examples/molecule, from a copy elsewhere, with the collection built and installed

What cannot run here is skipped aloud; REQUIRE_REAL=1 makes a skip a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from build import build, moment
from ee import PLACE as IMAGES
from ee import quiet, reason_against_podman

REPOSITORY = Path(__file__).resolve().parents[1]
PLACE = REPOSITORY / ".cache" / "molecule"
HOST = "localhost/inkan-tls-host:1"
HOST_PACKAGES = (
    "python3,python3-cryptography,systemd,systemd-sysv,dbus,nginx-light,ca-certificates,openssl,iproute2"  # Debian 12
)
EXAMPLE = REPOSITORY / "docs" / "examples" / "molecule"


class Skip(Exception):
    """Why a scenario cannot run here."""


def main(names: t.Sequence[str]) -> int:
    PLACE.mkdir(parents=True, exist_ok=True)
    rows = [play(name) for name in names or SCENARIOS]
    print("\n".join(f"{name:10}{said:8}{seconds:5.0f} s  {why}" for name, said, seconds, why in rows))
    bad = {"FAILED", "skipped"} if os.environ.get("REQUIRE_REAL") else {"FAILED"}
    return 1 if any(said in bad for _name, said, _seconds, _why in rows) else 0


def play(name: str) -> tuple[str, str, float, str]:
    begin = time.monotonic()
    try:
        ok, why = SCENARIOS[name](name), ""
    except Skip as reason:
        print(f"skipped: {name}: {reason}", flush=True)
        return name, "skipped", 0.0, str(reason)
    if not ok:
        why = f"see {(PLACE / name).relative_to(REPOSITORY)}.log"
        print("\n".join((PLACE / f"{name}.log").read_text("utf-8", "replace").splitlines()[-80:]))
    print(f"{name}: {'ok' if ok else 'FAILED'}", flush=True)
    return name, "ok" if ok else "FAILED", time.monotonic() - begin, why


def molecule(name: str, scenario: str, folder: Path, variables: dict[str, str]) -> bool:
    """What a failed scenario left running is ended."""
    with (PLACE / f"{name}.log").open("w", encoding="utf-8") as log:

        def run(word: str) -> bool:
            command = ["molecule", word, "--scenario-name", scenario]
            done = subprocess.run(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT, check=False)  # fmt: skip
            return done.returncode == 0

        if run("test"):
            return True
        run("destroy")
        return False


def in_the_lab(name: str) -> bool:
    return molecule(name, name, REPOSITORY, dict(os.environ))


def upgrade(name: str) -> bool:
    declared = (REPOSITORY / "extensions/molecule/upgrade/group_vars/all/old.yml").read_text("utf-8")
    commit = declared.split("old_commit: ")[1].split()[0]
    known = subprocess.run(["git", "cat-file", "-e", commit], cwd=REPOSITORY, capture_output=True, check=False)
    if known.returncode:
        raise Skip(f"this checkout has no commit {commit} (a shallow clone?)")
    return in_the_lab(name)


def rollback(name: str) -> bool:
    subprocess.run([REPOSITORY / "scripts/packages", "containers"], cwd=REPOSITORY, check=False)
    IMAGES.mkdir(parents=True, exist_ok=True)
    why = reason_against_podman()
    if why:
        raise Skip(f"no podman here: {why}")
    if subprocess.run(["podman", "image", "exists", HOST], check=False).returncode:
        archive = PLACE / "host.tar"
        quiet("mmdebstrap", "-q", "--variant=minbase", f"--include={HOST_PACKAGES}", "bookworm", str(archive))
        quiet("podman", "import", "-q", str(archive), HOST)
        archive.unlink()
    return molecule(name, name, REPOSITORY, {**os.environ, "INKAN_MOLECULE_PREFIX": f"inkan-{os.getpid()}"})


def users(name: str) -> bool:
    """As somebody who has never seen this repository: its own folder, the collection from the tarball."""
    there, collections = PLACE / "users", PLACE / "collections"
    for folder in (there, collections):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLE, there)
    dist = PLACE / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    tarball = build(REPOSITORY, dist, moment(REPOSITORY)).tarball
    quiet(
        "ansible-galaxy",
        "collection",
        "install",
        "--offline",
        "--force",
        "--no-deps",
        "-p",
        str(collections),
        str(tarball),
    )
    return molecule(name, "default", there, {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections)})


SCENARIOS: dict[str, t.Callable[[str], bool]] = {
    "default": in_the_lab,
    "approval": in_the_lab,
    "upgrade": upgrade,
    "rollback": rollback,
    "users": users,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
