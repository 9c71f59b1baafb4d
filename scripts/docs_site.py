# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site: guides in English and Japanese, and the reference that antsibull-docs generates.

    scripts/venv docs python scripts/docs_site.py [FOLDER]     (make docs; default: .cache/docs/site)

Open index.html of the folder in a browser: nothing is fetched from elsewhere, also not by the search. A warning of
Sphinx is an error: a reference to nothing, a page in no list, a table that is none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
SETTINGS = REPOSITORY / "docs" / "site"
PAGES = REPOSITORY / "docs" / "docsite"
SOURCES = REPOSITORY / ".cache" / "docs" / "source"
SITE = REPOSITORY / ".cache" / "docs" / "site"
#: where antsibull-docs puts the pages of docs/docsite/rst
DOCSITE = "collections/inkan/tls/docsite"
JAPANESE = "_ja"
#: title of a section of extra-docs.yml -> that of its pages in Japanese
IN_JAPANESE = {
    "Start": "はじめに",
    "Tasks": "作業別ガイド",
    "Guides": "ガイド",
    "Sellers": "販売元",
    "Reference": "リファレンス",
}


class Section(t.NamedTuple):
    title: str
    pages: list[str]


def sections(pages: Path = PAGES) -> list[Section]:
    """Of extra-docs.yml, those in English first, then those in Japanese."""
    told = yaml.safe_load((pages / "extra-docs.yml").read_text("utf-8"))["sections"]
    english = [Section(one["title"], [page for page in one["toctree"] if not page.endswith(JAPANESE)]) for one in told]
    japanese = [
        Section(
            IN_JAPANESE.get(one["title"], one["title"]), [page for page in one["toctree"] if page.endswith(JAPANESE)]
        )
        for one in told
    ]
    return [section for section in (*english, *japanese) if section.pages]


def toctree(section: Section) -> str:
    lines = [".. toctree::", f"   :caption: {section.title}", "   :maxdepth: 1", ""]
    return "\n".join([*lines, *(f"   {DOCSITE}/{page}" for page in section.pages), "", ""])


def front_page(pages: Path = PAGES) -> str:
    text = (SETTINGS / "index.rst").read_text("utf-8")
    return text.replace("@TOCTREES@", "\n".join(toctree(one) for one in sections(pages)))


def links_followed(text: str) -> str:
    """Links between files of one folder, as GitHub shows them, lead to pages of the site."""
    return re.sub(r"`([^`<]+) <(\w+)\.rst>`_{1,2}", r":ref:`\1 <ansible_collections.inkan.tls.docsite.\2>`", text)


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, check=False, env={**os.environ, "NO_COLOR": "1"})
    if done.returncode:
        sys.exit(f"docs: {' '.join(command[:2])} ended with status {done.returncode}")


def write_sources() -> None:
    shutil.rmtree(SOURCES, ignore_errors=True)
    SOURCES.mkdir(parents=True, mode=0o755)
    SOURCES.chmod(0o755)
    settings = str(SETTINGS / "antsibull-docs.cfg")
    run(
        "antsibull-docs",
        "--config-file",
        settings,
        "collection",
        "--use-current",
        "--dest-dir",
        str(SOURCES),
        "inkan.tls",
    )
    (SOURCES / "index.rst").write_text(front_page(), "utf-8")
    for path in (SOURCES / DOCSITE).glob("*.rst"):
        path.write_text(links_followed(path.read_text("utf-8")), "utf-8")
    images = PAGES / "rst" / "images"
    if images.is_dir():
        shutil.copytree(images, SOURCES / DOCSITE / "images", dirs_exist_ok=True)


def main(arguments: t.Sequence[str]) -> None:
    site = Path(arguments[0]).resolve() if arguments else SITE
    write_sources()
    cache = str(SOURCES.parent / "doctrees")
    shutil.rmtree(site, ignore_errors=True)
    run(
        "sphinx-build",
        "-q",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-E",
        "-j",
        "2",
        "-d",
        cache,
        "-c",
        str(SETTINGS),
        str(SOURCES),
        str(site),
    )
    print(f"The documentation is in {site / 'index.html'}")


if __name__ == "__main__":
    main(sys.argv[1:])
