# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of an answer, in the encodings that sellers in Japan use, and what a page that came in place of JSON says.

This file is private to the collection.
"""

from __future__ import annotations

import html
import re

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["said_by", "text_of"]

#: What the names mean on the web (WHATWG Encoding: Shift_JIS is Windows-31J). Any other name is read as UTF-8.
_ENCODINGS = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "iso-8859-1": "latin-1",
}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)[^>]{0,200}>([^<]{1,300})<", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_HEAD = 2048  # bytes of a page that may say its encoding; browsers look at 1,024
_LONGEST = 200


def text_of(response: HttpResponse) -> str:
    found = _CHARSET.search(response.headers.get("content-type", ""))
    if found is None and response.body.lstrip()[:1] == b"<":
        found = _CHARSET.search(response.body[:_HEAD].decode("latin-1"))
    encoding = _ENCODINGS.get(found[1].lower(), "utf-8") if found else "utf-8"
    return response.body.decode(encoding, "replace").lstrip("\ufeff")


def said_by(response: HttpResponse) -> str:
    """``text/html: 'メンテナンス中'``: enough of a foreign page to know it by."""
    kind = escaped(response.headers.get("content-type", "no content type").partition(";")[0], 80)
    text = text_of(response)
    if not text.strip():
        return f"{kind}, nothing in it"
    title = _TITLE.search(text[: 64 * 1024])
    words = title[2] if title else _TAG.sub(" ", text[:2000])
    return f"{kind}: {escaped(' '.join(html.unescape(words).split()), _LONGEST)!r}"
