# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must fit together in a description whose parts are right, each for itself.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import Part, Reader, Table
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest

__all__ = ["judge_whole"]


def judge_whole(description: Description, top: Table, used: t.Mapping[str, set[str]], reader: Reader) -> None:
    """used: which words each call fills in."""
    calls = top["calls"].value
    _judge_submit(description, calls, used, reader)
    _judge_find(description, top, used, reader)
    _judge_prepare(description, top, reader)
    if "ready" in description.calls:
        for method in sorted((description.calls["ready"].only_for or frozenset()) - description.methods.keys()):
            why = f"there is no method {method!r} in methods. {nearest(method, description.methods)}"
            reader.wrong(_last(calls["ready"]).value["for"], why)
    _judge_certificate(description, top, reader)
    _judge_tokens(description, top["order"], reader)
    if Status.ISSUED not in _meanings(description):
        reader.wrong(top["statuses"], "no word means issued: nothing would ever be downloaded")
    coded = description.errors.retry | description.errors.gone | description.errors.predecessor
    if description.errors.code is None and coded:
        reader.wrong(top["errors"], "code is missing: retry and gone list codes, but no answer would have one")


def _meanings(description: Description) -> set[Status]:
    return {meaning.status for meaning in description.statuses.values()}


def _last(part: Part) -> Part:
    """The request itself, where there are steps before it."""
    return t.cast(Part, part.value[-1]) if isinstance(part.value, list) else part


def _judge_submit(description: Description, calls: Table, used: t.Mapping[str, set[str]], reader: Reader) -> None:
    if "csr" not in used.get("submit", set()) | used.get("prepare", set()):
        reader.wrong(calls["submit"], "the order has no {csr}: no certificate could be made for our key")
    if "find" in description.calls and "reference" not in used.get("submit", ()):
        reader.wrong(calls["submit"], "the order has no {reference}: find would have nothing to find it by")


def _judge_find(description: Description, top: Table, used: t.Mapping[str, set[str]], reader: Reader) -> None:
    find = description.calls.get("find")
    if find is None:
        return
    part = top["calls"].value["find"]
    if description.order.reference is None:
        reader.wrong(top["order"], "reference is missing: find takes only an order that says it is ours")
    if find.orders is None:
        reader.wrong(part, "orders is missing: where the list is in the answer")
    if find.has_cursor and find.next is None:
        reader.wrong(part, "next is missing: where the {cursor} of the next page is in the answer")
    if "cursor" in used.get("find", ()) and not find.has_cursor:
        reader.wrong(part, "{cursor} belongs into the request line")
    if find.next is not None and find.has_link_header:
        reader.wrong(part, "next and link_header exclude each other: the next page is told in one place")
    if find.is_paged and (find.next is not None or find.has_link_header):
        reader.wrong(part, "{page} and {offset} count pages, next leads to them: one of the two is too many")


def _judge_prepare(description: Description, top: Table, reader: Reader) -> None:
    prepare = description.calls.get("prepare")
    is_word = Status.WANTS_PREPARATION in _meanings(description)
    if prepare is None and is_word:
        reader.wrong(top["statuses"], "a word means wants_preparation, but calls has no prepare")
    if prepare is not None and prepare.when is None and not is_word:
        why = "nobody would ever call it: no word of statuses means wants_preparation, and it has no when"
        reader.wrong(top["calls"].value["prepare"], why)


def _judge_certificate(description: Description, top: Table, reader: Reader) -> None:
    download = description.calls.get("download")
    if download is None and description.order.certificate is None:
        why = "download is missing, and order has no certificate: where does the certificate come from?"
        reader.wrong(top["calls"], why)
    if download is not None and download.certificate is None:
        why = "certificate is missing: where it is in the answer (@ where the answer is the PEM text itself)"
        reader.wrong(_last(top["calls"].value["download"]), why)


def _judge_tokens(description: Description, order: Part, reader: Reader) -> None:
    for method, key in (("file", "files"), ("dns", "records")):
        if method in description.methods and getattr(description.order, key) is None:
            reader.wrong(order, f"{key} is missing: method {method} has to know what to publish")
