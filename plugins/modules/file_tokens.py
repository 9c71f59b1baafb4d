#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: file_tokens
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Place and remove validation files under the document roots of a web server
description:
  - Places the files that a CA wants to fetch before it issues, and removes them afterwards.
  - Writes only to C(.well-known/acme-challenge/) and C(.well-known/pki-validation/) below a document root, and makes these
    folders where they are missing.
  - Removes only what it is told to remove. A file with another content is left and reported as V(foreign). The two folders
    are removed with the last file in them, if they have the owner and mode (0755) that this module would give them.
  - What a run of its own that was killed left beside a token, half a file or empty folders, goes with V(absent), which
    then says V(removed).
  - Overwrites only what it is told is ours (O(tokens[].replaces)). Any other file in the place of a token is left, and the
    item is refused.
  - It does not configure the web server and does not look whether the file is served. The next step is
    M(inkan.tls.dcv_check). It warns of a folder on the way that the user of a web server can hardly enter.
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - Runs on each web server, as a user who may write the document roots.
  - No link is followed. A document root that is a link to a place outside the folder it stands in is refused, and so is a
    link in the place of one of the folders or of the file.
  - Mistakes in the options refuse the whole call before anything is done. A document root that this host does not have
    refuses its own items only.
  - One file has one content. Where several items want a different content at one place, as CAs with a fixed file name do,
    the one that is there already stays, else the first is placed, and the others are refused until it is gone.
options:
  state:
    description: Whether the files are placed or removed.
    type: str
    choices: [present, absent]
    default: present
  tokens:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the item, unique in the call.
        type: str
        required: true
      document_root:
        description: The folder that the web server serves, an absolute path. It must exist.
        type: str
        required: true
      path:
        description:
          - The path of the file below the document root, C(.well-known/acme-challenge/TOKEN) or
            C(.well-known/pki-validation/TOKEN), where the token has 1 to 128 characters of A-Z, a-z, 0-9, V(_) and V(-), and
            may end in V(.txt), V(.htm) or V(.html).
        type: str
        required: true
      content:
        description:
          - What the file holds, at most 65536 bytes. Needed to place it.
          - Given for a removal, a file with another content is left.
        type: str
      replaces:
        description:
          - SHA-256 digests, lower-case hex, of contents of ours that the file may have now and that are to be overwritten, for
            example of an earlier token where the CA has one file name for all.
          - Not looked at when a file is removed.
        type: list
        elements: str
        default: []
      owner:
        description:
          - Owner of the file, a name or a number. Default is the user who runs the module.
          - Owner, group and mode are not looked at when a file is removed.
        type: str
      group:
        description: Group of the file, a name or a number.
        type: str
      mode:
        description: Mode of the file, octal and in quotes.
        type: str
        default: "0644"
      state:
        description: As O(state), for this item. Default is O(state).
        type: str
        choices: [present, absent]
seealso:
  - module: inkan.tls.certificate_orders
  - module: inkan.tls.dcv_check
"""

EXAMPLES = r"""
- name: Place the file that the CA wants to see
  inkan.tls.file_tokens:
    tokens:
      - name: shop
        document_root: /var/www/html
        path: .well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0
        content: LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI

- name: Remove it again
  inkan.tls.file_tokens:
    state: absent
    tokens:
      - name: shop
        document_root: /var/www/html
        path: .well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0
"""

RETURN = r"""
results:
  description: One result an item, in the order of O(tokens).
  returned: when the options were right
  type: list
  elements: dict
  contains:
    name:
      description: The name of the item.
      returned: always
      type: str
      sample: shop
    changed:
      description: Whether something was, or in check mode would be, changed for this item.
      returned: always
      type: bool
      sample: true
    outcome:
      description:
        - V(placed) or V(kept) for a file that should be there; V(removed), V(absent) or V(foreign) (a file with another
          content is there and was left) for one that should not; V(refused) with an error.
      returned: always
      type: str
      sample: placed
    state:
      description: V(present) or V(absent), as it is now. V(null) where that could not be seen.
      returned: always
      type: str
      sample: present
    error:
      description:
        - Why the item could not be done, V(null) otherwise. Its C(code) is for example V(document_root_missing),
          V(document_root_no_directory), V(document_root_escapes), V(file_foreign), V(file_taken), V(unknown_owner),
          V(permission_denied) or V(disk_full).
      returned: always
      type: dict
      sample: null
    file:
      description: The whole path of the file.
      returned: always
      type: str
      sample: /var/www/html/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0
"""

import contextlib
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import (
    MAX_CONTENT,
    FileToken,
    Found,
    found_after,
    outcome_of,
    path_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.names import shown_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, Directory, System, owner_ids
from ansible_collections.inkan.tls.plugins.module_utils._io.token_files import look, open_root, put, take
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module

_MAX_PATH = 4096
_DIGEST = re.compile("[0-9a-f]{64}")


def argument_spec() -> dict[str, t.Any]:
    states = ["present", "absent"]
    return {
        "state": {"type": "str", "choices": states, "default": "present"},
        "tokens": {
            "type": "list",
            "elements": "dict",
            "required": True,
            # the names and values of tokens are public: the CA fetches them over plain http
            "no_log": False,
            "options": {
                "name": {"type": "str", "required": True},
                "document_root": {"type": "str", "required": True},
                "path": {"type": "str", "required": True},
                "content": {"type": "str"},
                "replaces": {"type": "list", "elements": "str", "default": []},
                "owner": {"type": "str"},
                "group": {"type": "str"},
                "mode": {"type": "str", "default": "0644"},
                "state": {"type": "str", "choices": states},
            },
        },
    }


class _Look(t.NamedTuple):
    """What was seen of an item, before any effect."""

    root: Directory
    found: Found
    uid: int
    gid: int


def run(params: dict[str, t.Any], check_mode: bool, system: System = SYSTEM) -> Result:
    """Judge all options, then look at all places, and only then (outside check mode) write."""
    errors = InputCollector()
    tokens = [_read(raw, number, params, check_mode, errors) for number, raw in enumerate(params["tokens"], 1)]
    _refuse_repeated(tokens, errors)
    errors.refuse()
    result = Result([])
    with contextlib.ExitStack() as stack:
        roots: dict[str, Directory | InkanError] = {}
        looks = [_look(token, roots, stack, system) for token in tokens]
        planned: dict[tuple[str, str], Found] | None = {} if check_mode else None
        standing = _standing(tokens, looks)
        for token, seen in zip(tokens, looks):
            other = standing.get(token.place, token)
            is_taken = token.present and other.content != token.content and not isinstance(seen, InkanError)
            result.items.append(_work(token, _taken(token, other) if is_taken else seen, planned, result.diff))
            _warn_of_closed(token, seen, result)
    return result


# -- options ----------------------------------------------------------------------------------------------------------


def _read(
    raw: dict[str, t.Any], number: int, params: dict[str, t.Any], check_mode: bool, errors: InputCollector
) -> FileToken:
    present = (raw.get("state") or params.get("state") or "present") == "present"
    for code, why, todo in _reasons(raw, present, check_mode):
        where = f'item {number} "{escaped(raw["name"], 80)}"'
        errors.add(code, what="A file token cannot be taken", where=where, why=why, todo=todo)
    content = raw.get("content")
    return FileToken(
        name=raw["name"],
        document_root=raw["document_root"],
        path=raw["path"],
        content=content.encode("utf-8", "surrogateescape") if content is not None else None,
        owner=raw.get("owner"),
        group=raw.get("group"),
        mode=_mode(raw.get("mode")) or 0,
        present=present,
        replaces=tuple(sorted(set(raw.get("replaces") or ()))),
    )


def _reasons(raw: dict[str, t.Any], present: bool, check_mode: bool) -> t.Iterator[tuple[str, str, str]]:
    """Code, why, and what to do, for everything that is wrong with an item."""
    name, root, path, content = raw["name"], raw["document_root"], raw["path"], raw.get("content")
    why = shown_name_error(name)
    if why is not None:
        yield "bad_name", why, "Correct the name"
    if not root.startswith("/") or "\0" in root or ".." in root.split("/") or len(root) > _MAX_PATH:
        yield "bad_document_root", f"{escaped(root, 120)!r} is no absolute path without '..'", "Write an absolute path"
    why = path_error(path)
    if why is not None:
        yield "bad_token_path", f"{escaped(path, 120)!r} is not allowed: {why}", "Take the path that the order wants"
    if present and content is None:
        yield "no_content", "content is missing", "Give what the order wants to see"
    if content is not None and len(content.encode("utf-8", "surrogateescape")) > MAX_CONTENT:
        yield "content_too_large", f"content has more than {MAX_CONTENT} bytes", "Give what the order wants to see"
    if not check_mode and KNOWN_AFTER_ORDER in (content, path.rpartition("/")[2]):
        yield "known_after_order", "its content is only known after the order", "Order first, then place"
    if not all(_DIGEST.fullmatch(digest) for digest in raw.get("replaces") or ()):
        yield "bad_digest", "replaces has something that is no SHA-256 digest in lower-case hex", "Correct it"
    if _mode(raw.get("mode")) is None:
        yield (
            "bad_mode",
            f"{raw.get('mode')!r} is no octal mode from 0400 to 0777",
            "Write it in quotes, such as '0644'",
        )


def _mode(text: str | None) -> int | None:
    text = text or "0644"
    if not 3 <= len(text) <= 4 or not set(text) <= set("01234567"):
        return None
    mode = int(text, 8)
    return mode if 0o400 <= mode <= 0o777 else None


def _refuse_repeated(tokens: t.Sequence[FileToken], errors: InputCollector) -> None:
    names: set[str] = set()
    places: dict[tuple[str, str], FileToken] = {}
    for number, token in enumerate(tokens, 1):
        where = f'item {number} "{escaped(token.name, 80)}"'
        if token.name in names:
            errors.add(
                "duplicate_name",
                what="Two items have one name",
                where=where,
                why="the name stands for one result",
                todo="Give each item its own name",
            )
        other = places.setdefault(token.place, token)
        if other[4:8] != token[4:8]:  # contents may differ: they are not ours to choose (_taken)
            errors.add(
                "conflicting_tokens",
                what="Two items want different things of one file",
                where=where,
                why=f'"{escaped(other.name, 80)}" stands for the same file',
                todo="Leave one of them out",
            )
        names.add(token.name)


# -- look, then work --------------------------------------------------------------------------------------------------


def _look(
    token: FileToken, roots: dict[str, Directory | InkanError], stack: contextlib.ExitStack, system: System
) -> _Look | InkanError:
    root = roots.get(token.document_root)
    try:
        if root is None:
            root = roots[token.document_root] = stack.enter_context(open_root(token.document_root, system))
        if isinstance(root, InkanError):
            return root
        owner, group = (token.owner, token.group) if token.present else (None, None)
        uid, gid = owner_ids(owner, group, where=f'item "{token.name}"')
        return _Look(root, look(root, token, uid, gid), uid, gid)
    except InkanError as error:
        if root is None:
            roots[token.document_root] = error
        return error


def _standing(tokens: t.Sequence[FileToken], looks: t.Sequence[_Look | InkanError]) -> dict[tuple[str, str], FileToken]:
    """Where items want different contents of one file: the one that is there, for its order waits for it; or the first."""
    found: dict[tuple[str, str], FileToken] = {}
    for token, seen in zip(tokens, looks):
        if isinstance(seen, InkanError) or not token.present:
            continue
        if token.place not in found or seen.found.content == token.content:
            found[token.place] = token
    return found


def _taken(token: FileToken, other: FileToken) -> RefusedError:
    return RefusedError(
        code="file_taken",
        what="Cannot place a file token",
        where=_file(token),
        why=f'item "{escaped(other.name, 80)}" wants another content at the same place',
        todo="Run again when that one is done; or give the two certificates document roots of their own",
        retryable=True,
    )


def _work(
    token: FileToken, seen: _Look | InkanError, planned: dict[tuple[str, str], Found] | None, diff: list[Diff]
) -> ItemResult:
    """planned: in check mode what items before this one would leave at its place; None: do it."""
    if isinstance(seen, InkanError):
        return _item(token, "refused", None, error=seen)
    try:
        if planned is not None:
            found = planned.get(token.place, seen.found)
            planned[token.place] = found_after(token, found)
        else:
            found = look(seen.root, token, seen.uid, seen.gid)
        outcome = outcome_of(token, found)
        if outcome == "placed" and planned is None:
            put(seen.root, token, seen.uid, seen.gid)
        elif outcome == "removed" and planned is None:
            take(seen.root, token)
    except InkanError as error:
        return _item(token, "refused", None, error=error)
    if outcome == "foreign" and token.present:
        return _item(token, "refused", "present", error=_foreign(token))
    if outcome in ("placed", "removed"):
        diff.append(_diff(token, found))
    return _item(token, outcome, "present" if outcome in ("placed", "kept", "foreign") else "absent")


def _foreign(token: FileToken) -> RefusedError:
    return RefusedError(
        code="file_foreign",
        what="Cannot place a file token",
        where=_file(token),
        why="a file is there that no order of ours is known to have put there",
        todo="See whose it is. Remove it if it is in nobody's use, or give the certificate a document root of its own",
    )


def _warn_of_closed(token: FileToken, seen: _Look | InkanError, result: Result) -> None:
    """Told once a folder, where a file was or would be placed."""
    if isinstance(seen, InkanError) or not seen.found.closed or result.items[-1].outcome != "placed":
        return
    warning = (
        f"Only its owner can enter {escaped(seen.found.closed, 200)}: a web server that runs as another user answers 403"
        f" for what is placed below {escaped(token.document_root, 200)}"
    )
    if warning not in result.warnings:
        result.warnings.append(warning)


def _item(token: FileToken, outcome: str, state: str | None, error: InkanError | None = None) -> ItemResult:
    return ItemResult(
        name=token.name,
        outcome=outcome,
        state=state,
        changed=outcome in ("placed", "removed"),
        error=error,
        extra={"file": _file(token)},
    )


def _file(token: FileToken) -> str:
    return f"{token.document_root.rstrip('/')}/{token.path}"


def _diff(token: FileToken, found: Found) -> Diff:
    after = _shown(token.content) if token.present else ""
    return Diff(_file(token), "(a larger file)\n" if found.too_large else _shown(found.content), after)


def _shown(content: bytes | None) -> str:
    return escaped(content.decode("utf-8", "replace"), 500) + "\n" if content is not None else ""


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
