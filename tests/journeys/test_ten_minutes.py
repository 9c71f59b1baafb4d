# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page "The first certificate in ten minutes", followed as it stands: its file, its commands, the lab of people.

Nothing on the page is replaced by something else: neither a port nor a path.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from test_new_reseller import PAGES, Page

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "www.example.jp"
PAGE, PAGE_JA = (Page(PAGES / f"guide_ten_minutes{ending}.rst") for ending in ("", "_ja"))


class Reader:
    """Somebody with two terminals in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_REMOTE_TMP": str(folder / "ansible" / "tmp"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "ansible" / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
        }
        (folder / "first.yml").write_text(PAGE.file("first.yml"), "utf-8")

    @contextlib.contextmanager
    def lab(self) -> t.Iterator[None]:
        """As ``make lab`` opens it."""
        command = [sys.executable, "-m", "lab", "--folder", ".cache/lab"]
        environment = {**self.environment, "PYTHONPATH": str(REPOSITORY / "tests")}
        with subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True) as lab:
            try:
                assert lab.stdout is not None
                assert "The lab is open" in lab.stdout.readline()
                yield
            finally:
                lab.terminate()
                lab.communicate(timeout=60)

    def follow(self, name: str) -> str:
        (command,) = PAGE.commands(name)
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
        return done.stdout + done.stderr

    def served(self) -> x509.Certificate:
        """By a handshake that trusts the lab's CA and nobody else."""
        facts = json.loads((self.folder / ".cache/lab/lab.json").read_text("utf-8"))
        context = ssl.create_default_context(cafile=facts["acme_ca"]["issuing_ca"])
        address = facts["web"]["web1"]["address"], facts["https_port"]
        with socket.create_connection(address, 10) as plain, context.wrap_socket(plain, server_hostname=NAME) as wire:
            certificate = wire.getpeercert(binary_form=True)
        assert certificate is not None
        return x509.load_der_x509_certificate(certificate)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Reader]:
    reader = Reader(tmp_path_factory.mktemp("reader"))
    with reader.lab():
        yield reader


def test_the_page_in_japanese_has_the_same_file_and_commands() -> None:
    assert PAGE_JA.blocks == PAGE.blocks
    assert [name for kind, name in PAGE.blocks if kind == "run"] == [
        "plan",
        "issue",
        "look",
        "renew",
        "force",
        "rollback",
    ]


def test_a_reader_ends_with_a_served_certificate_renews_it_and_goes_back(reader: Reader) -> None:
    assert "first: due now" in reader.follow("plan")
    with pytest.raises(ssl.SSLError):
        reader.served()
    assert "first is live" in reader.follow("issue")
    first = reader.served()
    if shutil.which("curl"):
        assert re.search(r"certificate verify ok|verify result: 0", reader.follow("look"), re.IGNORECASE)
    assert "changed=0" in reader.follow("renew")
    assert reader.served() == first
    reader.follow("force")
    second = reader.served()
    assert second.serial_number != first.serial_number
    assert second.public_key() != first.public_key()
    reader.follow("rollback")
    assert reader.served() == first
