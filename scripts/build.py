# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the release: the same bytes from the same commit, whoever builds it, wherever and whenever.

    scripts/venv release python scripts/build.py [FOLDER]    into dist/; Galaxy's importer looks at it (make build)

FOLDER gets the tarball, a bill of materials (CycloneDX JSON: what must be installed beside it) and SHA256SUMS of both.
With SIGN_KEY=KEY (as gpg knows it) also two detached signatures: of SHA256SUMS, and of the MANIFEST.json inside, which
is the one that `ansible-galaxy collection verify --keyring` asks for.

What is packed is what git tracks, as it lies here. The time in it is SOURCE_DATE_EPOCH, or that of the last commit.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bill_of_materials import bill_of_materials

REPOSITORY = Path(__file__).resolve().parents[1]
#: what `ansible-galaxy collection build` writes itself
FILES, MANIFEST = "FILES.json", "MANIFEST.json"
#: lines of the importer that are findings; whatever it says besides is its diary
FINDINGS = ("WARNING", "ERROR", "CRITICAL")


class Built(t.NamedTuple):
    tarball: Path
    manifest: bytes


def main(arguments: t.Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else REPOSITORY / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    when = moment(REPOSITORY)
    built = build(REPOSITORY, folder, when)
    bill = folder / f"{built.tarball.name.removesuffix('.tar.gz')}.cdx.json"
    bill.write_text(bill_of_materials(REPOSITORY, built.tarball, when), "utf-8")
    sums = write_sums(folder, [built.tarball, bill])
    if os.environ.get("SIGN_KEY"):
        sign(os.environ["SIGN_KEY"], built, sums)
    print(sums.read_text("ascii"), end="")
    print("\n".join(sorted(str(path) for path in folder.iterdir())))
    if is_changed(REPOSITORY):
        print("This checkout has changes that are in no commit: nobody else can build these bytes.")
    return look_as_galaxy(built.tarball)


# --- the tarball ---------------------------------------------------------------------------------------------------


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout


def moment(repository: Path) -> int:
    return int(os.environ.get("SOURCE_DATE_EPOCH") or git(repository, "log", "-1", "--format=%ct"))


def is_changed(repository: Path) -> bool:
    return bool(git(repository, "status", "--porcelain", "--untracked-files=no").strip())


def build(repository: Path, folder: Path, when: int) -> Built:
    with tempfile.TemporaryDirectory() as place:
        source, raw = Path(place, "source"), Path(place, "raw")
        copy_tracked(repository, source)
        subprocess.run(
            ["ansible-galaxy", "collection", "build", "--output-path", str(raw)],
            cwd=source,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (rough,) = raw.iterdir()
        tarball = folder / rough.name
        manifest = repack(rough, tarball, when)
    return Built(tarball, manifest)


def copy_tracked(repository: Path, source: Path) -> None:
    """Neither caches nor half-written notes of whoever builds."""
    for name in git(repository, "ls-files", "-z").split("\0"):
        path = repository / name
        if name and path.is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def repack(rough: Path, tarball: Path, when: int) -> bytes:
    """Galaxy's own order of files, times, owners and gzip header depend on the machine; here they depend on nothing."""
    with tarfile.open(rough) as old:
        members = {member.name: member for member in old.getmembers()}
        contents = {name: read(old, member) for name, member in members.items() if member.isfile()}
    contents[FILES] = in_order(contents[FILES])
    contents[MANIFEST] = with_sum(contents[MANIFEST], hashlib.sha256(contents[FILES]).hexdigest())
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as new:
        for name in (MANIFEST, FILES, *sorted(set(members) - {MANIFEST, FILES})):
            new.addfile(
                timeless(members[name], len(contents.get(name, b"")), when), io.BytesIO(contents.get(name, b""))
            )
    with tarball.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(plain.getvalue())
    return contents[MANIFEST]


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def in_order(files: bytes) -> bytes:
    listed = json.loads(files)
    listed["files"].sort(key=lambda entry: entry["name"])
    return json.dumps(listed, indent=1).encode()


def with_sum(manifest: bytes, digest: str) -> bytes:
    told = json.loads(manifest)
    told["file_manifest_file"]["chksum_sha256"] = digest
    return json.dumps(told, indent=1).encode()


def timeless(member: tarfile.TarInfo, size: int, when: int) -> tarfile.TarInfo:
    new = tarfile.TarInfo(member.name)
    new.type, new.size, new.mtime = member.type, size, when
    new.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return new


# --- what lies beside it -------------------------------------------------------------------------------------------


def write_sums(folder: Path, paths: t.Sequence[Path]) -> Path:
    sums = folder / "SHA256SUMS"
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths]
    sums.write_text("".join(lines), "ascii")
    return sums


def sign(key: str, built: Built, sums: Path) -> None:
    gpg = ["gpg", "--batch", "--yes", "--armor", "--local-user", key, "--detach-sign"]
    subprocess.run([*gpg, "--output", f"{sums}.asc", str(sums)], check=True)
    signature = built.tarball.with_name(f"{built.tarball.name.removesuffix('.tar.gz')}.MANIFEST.json.asc")
    subprocess.run([*gpg, "--output", str(signature)], input=built.manifest, check=True)


# --- as Galaxy sees it ---------------------------------------------------------------------------------------------


def look_as_galaxy(tarball: Path) -> int:
    """Its importer runs ansible-lint and reads all documentation. A finding fails the build."""
    with tempfile.TemporaryDirectory() as place:  # it writes what it found where it is started
        done = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", str(tarball.resolve())],
            cwd=place,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    lines = (done.stdout + done.stderr).splitlines()
    found = [line for line in lines if line.startswith(FINDINGS)]
    if done.returncode or found or not any("mporter processing completed successfully" in line for line in lines):
        print("\n".join(found or lines[-40:]))
        print(f"galaxy-importer: {len(found)} findings, status {done.returncode}")
        return 1
    print("galaxy-importer: no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
