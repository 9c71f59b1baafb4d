# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: every border over which hostile bytes come, and where parsers are that need a row."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fuzz import of_cas, of_dns, of_files, of_mails, of_options, of_papers
from fuzz.border import Border, folder

__all__ = ["BORDERS", "CORPUS", "corpus_of", "keep_in_corpus", "parsers_without_a_row"]

BORDERS: tuple[Border, ...] = (
    *of_cas.BORDERS,
    *of_papers.BORDERS,
    *of_dns.BORDERS,
    *of_mails.BORDERS,
    *of_options.BORDERS,
    *of_files.BORDERS,
)
CORPUS = Path(__file__).resolve().parent / "corpus"
PLUGINS = Path(__file__).resolve().parents[3] / "plugins"

#: what a line has that reads what others wrote
_PARSER = re.compile(
    r"\b(load_json|json\.loads?|expat\.ParserCreate|message_from_bytes|load_(?:pem|der)_\w+|from_wire|"
    r"sqlite3\.connect|compose_yaml|dns\.rdata\.from_text|parse_qs|safe_load)\(|\(HTMLParser\)|\(imaplib\.|"
    r"^def argument_spec\(",
    re.MULTILINE,
)
#: files with such a line that read nothing but our own words, and why
OWN_WORDS = {
    "module_utils/_core/json_text.py": "the reader itself: it is behind every border with JSON",
    "module_utils/_ca/rest/preview.py": "shows the request that we made",
    "module_utils/_core/mail_links.py": "behind the border of mails: links",
    "module_utils/_ca/rest/source.py": "behind the border of descriptions",
    "module_utils/_core/packed.py": "our own lists between tasks; of bounded length, should a host make one up",
    "action/run_guard.py": "reads back what it wrote, to see each certificate as JSON",
    "plugin_utils/on_controller.py": "reads back what it wrote, so that values are plain",
}


def corpus_of(border: Border) -> list[bytes]:
    """What was found once: played again each time."""
    return [base64.b64decode(path.read_bytes()) for path in sorted((CORPUS / folder(border.name)).glob("*.b64"))]


def keep_in_corpus(name: str, raw: bytes) -> None:
    """Of the border of that name. In base64: ansible-test wants every file of the repository to be UTF-8."""
    place = CORPUS / folder(name)
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{hashlib.sha256(raw).hexdigest()[:12]}.b64").write_bytes(base64.encodebytes(raw))


def parsers_without_a_row(plugins: Path = PLUGINS) -> list[str]:
    """Files below plugins/ that read what others wrote, and that no row of the table names."""
    behind = {path for border in BORDERS for path in border.reads}
    named = {path if path.startswith(("modules/", "filter/")) else f"module_utils/{path}" for path in behind}
    found = []
    for path in sorted(plugins.rglob("*.py")):
        name = path.relative_to(plugins).as_posix()
        if _PARSER.search(path.read_text("utf-8")) and name not in named and name not in OWN_WORDS:
            found.append(name)
    return found
