# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the documentation site (scripts/docs_site.py builds it)."""

from __future__ import annotations

import re
import sys
import typing as t
from pathlib import Path

from docutils import nodes

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from search_words import BothLanguages  # noqa: E402

project = "inkan.tls"
author = "The inkan.tls developers"
html_title = "inkan.tls"
extensions = ["sphinx_antsibull_ext"]
html_theme = "furo"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_show_sphinx = False
html_use_index = False
html_copy_source = False
html_search_language = BothLanguages.lang
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"
smartquotes = False
JAPANESE = "_ja"
#: what antsibull-docs refers to and lies outside of this site -> where it is; a reference to anything else is an error
ELSEWHERE = {
    "common_return_values": "reference_appendices/common_return_values.html",
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
}
BUILTIN = re.compile(r"ansible_collections\.ansible\.builtin\.(\w+)")
_WIDE = "\u3001-\u303f\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60"
BREAK = re.compile(f"(?<=[{_WIDE}])\n(?=[{_WIDE}])")
ANSIBLE = "https://docs.ansible.com/projects/ansible-core/devel/"


def _language(_app: t.Any, page: str, _template: str, context: dict[str, t.Any], _doctree: t.Any) -> None:
    """Screen readers and fonts are told which language a page is in."""
    if page.endswith(JAPANESE):
        context["language"] = "ja"


def _elsewhere(_app: t.Any, _env: t.Any, node: t.Any, inner: t.Any) -> t.Any:
    """A link to the documentation of Ansible itself."""
    label = node.get("reftarget", "")
    builtin = BUILTIN.match(label)
    page = f"collections/ansible/builtin/{builtin.group(1)}.html" if builtin else ELSEWHERE.get(label)
    return nodes.reference("", "", inner, refuri=ANSIBLE + page) if page else None


def _without_breaks(app: t.Any, doctree: t.Any) -> None:
    """A line break of the source is no space between two Japanese characters."""
    if not app.env.docname.endswith(JAPANESE):
        return
    for text in list(doctree.findall(nodes.Text)):
        if "\n" in text and not isinstance(text.parent, (nodes.literal_block, nodes.comment)):
            text.parent.replace(text, nodes.Text(BREAK.sub("", text.astext())))


def setup(app: t.Any) -> dict[str, t.Any]:
    app.add_search_language(BothLanguages)
    app.connect("missing-reference", _elsewhere)
    app.connect("doctree-read", _without_breaks)
    app.connect("html-page-context", _language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
