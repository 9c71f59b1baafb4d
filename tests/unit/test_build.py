# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release is the same bytes from the same commit, holds what a user needs, and says what is installed beside it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
WHEN = 1_790_000_000

pytestmark = [
    pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="what is packed is what git tracks"),
    pytest.mark.skipif(not shutil.which("ansible-galaxy"), reason="no ansible-galaxy beside this Python"),
]


@pytest.fixture(scope="module")
def build() -> t.Any:
    sys.path.insert(0, str(REPOSITORY / "scripts"))
    try:
        import build
    finally:
        sys.path.pop(0)
    return build


def checkout(folder: Path) -> Path:
    """A small collection in a repository of its own; files are written in no order that matters."""
    files = {
        "galaxy.yml": (REPOSITORY / "galaxy.yml").read_text("utf-8"),
        "README.md": "# inkan.tls\n",
        "meta/runtime.yml": 'requires_ansible: ">=2.19.0"\n',
        "plugins/filter/b.py": "b = 1\n",
        "plugins/filter/a.py": "a = 1\n",
        "tests/lab/__main__.py": "print()\n",
        "tests/real/test_x.py": "x = 1\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.jp", "commit", "-qm", "x")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_two_builds_of_a_commit_are_the_same_bytes(build: t.Any, tmp_path: Path) -> None:
    source = checkout(tmp_path / "source")
    (tmp_path / "clone").mkdir()
    subprocess.run(["git", "clone", "-q", source, tmp_path / "clone"], check=True)
    for path in (tmp_path / "clone").rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    (tmp_path / "clone" / "left-over.txt").write_text("not tracked", "utf-8")
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first, second = build.build(source, one, WHEN), build.build(tmp_path / "clone", two, WHEN)
    assert first.tarball.read_bytes() == second.tarball.read_bytes()
    later = build.build(source, one, WHEN + 1)
    assert later.tarball.read_bytes() != second.tarball.read_bytes(), "the comparison can tell a difference"


def test_the_bytes_of_galaxy_itself_would_differ(tmp_path: Path) -> None:
    """Why it is packed anew. When this fails, scripts/build.py has a reason less."""
    source = checkout(tmp_path / "source")
    digests = set()
    for moment in (1, 2):
        for path in source.rglob("*"):
            os.utime(path, (moment, moment))
        out = tmp_path / str(moment)
        command = ["ansible-galaxy", "collection", "build", "--output-path", str(out)]
        subprocess.run(command, cwd=source, check=True, capture_output=True)
        digests.add(hashlib.sha256(next(out.iterdir()).read_bytes()).hexdigest())
    assert len(digests) == 2


@pytest.fixture(scope="module")
def built(build: t.Any, tmp_path_factory: pytest.TempPathFactory) -> t.Any:
    return build.build(REPOSITORY, tmp_path_factory.mktemp("dist"), WHEN)


def test_it_holds_the_lab_and_no_test_of_ours(built: t.Any) -> None:
    with tarfile.open(built.tarball) as tarball:
        names = set(tarball.getnames())
        members = tarball.getmembers()
    assert {"tests/lab/__main__.py", "tests/lab/requirements.txt", "docs/examples/labssl.yml"} <= names
    assert "plugins/modules/certificate_orders.py" in names
    kept_back = ("tests/real/", "tests/faults/", "tests/journeys/", "bench/", ".ci/", "dist/", ".cache/")
    assert [name for name in names if name.startswith(kept_back)] == []
    assert {(one.uid, one.gid, one.uname, one.mtime) for one in members} == {(0, 0, "", WHEN)}


def test_its_manifests_fit_what_it_holds(built: t.Any) -> None:
    with tarfile.open(built.tarball) as tarball:

        def read(name: str) -> bytes:
            file = tarball.extractfile(name)
            assert file is not None
            return file.read()

        manifest, files = json.loads(read("MANIFEST.json")), json.loads(read("FILES.json"))
        assert read("MANIFEST.json") == built.manifest
        assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(read("FILES.json")).hexdigest()
        sums = {entry["name"]: entry["chksum_sha256"] for entry in files["files"] if entry["ftype"] == "file"}
        assert len(sums) > 200
        assert {name: hashlib.sha256(read(name)).hexdigest() for name in sums} == sums


def test_the_bill_of_materials_names_each_requirement_and_what_it_brings(build: t.Any, built: t.Any) -> None:
    bill = json.loads(build.bill_of_materials(REPOSITORY, built.tarball, WHEN))
    names = {one["name"] for one in bill["components"]}
    assert {"ansible-core", "cryptography", "cffi", "dnspython", "jmespath", "acme", "josepy", "jinja2"} <= names
    assert names.isdisjoint({"aiosmtpd", "atpublic"}), "what only the lab needs"
    references = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    for row in bill["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= references
    assert (
        bill["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(built.tarball.read_bytes()).hexdigest()
    )
    assert (
        build.bill_of_materials(REPOSITORY, built.tarball, WHEN)
        == json.dumps(bill, indent=2, ensure_ascii=False) + "\n"
    )


@pytest.mark.skipif(not shutil.which("gpg"), reason="no gpg")
def test_the_signature_is_the_one_that_ansible_galaxy_asks_for(
    build: t.Any, built: t.Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path("/tmp") / f"inkan-gpg-{os.getpid()}"  # its socket wants a short name
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    try:
        key = ["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "release@inkan.example", "ed25519", "sign"]
        subprocess.run(key, check=True, capture_output=True)
        sums = build.write_sums(built.tarball.parent, [built.tarball])
        build.sign("release@inkan.example", built, sums)
        subprocess.run(["gpg", "--verify", f"{sums}.asc", str(sums)], check=True, capture_output=True)
        ring = tmp_path / "ring.kbx"
        public = subprocess.run(["gpg", "--export"], check=True, capture_output=True).stdout
        subprocess.run(
            ["gpg", "--no-default-keyring", "--keyring", ring, "--import"],
            input=public,
            check=True,
            capture_output=True,
        )
        (signature,) = built.tarball.parent.glob("*.MANIFEST.json.asc")
        place = str(tmp_path / "there")
        install = [
            "ansible-galaxy",
            "collection",
            "install",
            str(built.tarball),
            "--offline",
            "--force",
            "--no-deps",
            "-p",
            place,
        ]
        subprocess.run(install, check=True, capture_output=True)
        good = verified(signature, ring, place)
        assert good.returncode == 0, good.stdout + good.stderr
        signature.write_bytes((sums.parent / "SHA256SUMS.asc").read_bytes())  # of something else
        bad = verified(signature, ring, place)
        assert bad.returncode != 0 or "failed" in bad.stdout
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def verified(signature: Path, ring: Path, place: str) -> subprocess.CompletedProcess[str]:
    words = ["--offline", "--keyring", str(ring), "--required-valid-signature-count", "+all"]
    command = ["ansible-galaxy", "collection", "verify", "inkan.tls", *words, "--signature", signature.as_uri()]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": place}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
