# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as one text: what comes out is what went in, one by one and by name."""

from __future__ import annotations

import base64
import json
import typing as t
import zlib
from hashlib import sha256

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import (
    MANY,
    ByName,
    each,
    is_packed,
    pack,
    pack_lines,
    settled,
    unpacked,
)

STRANGE: list[t.Any] = [{"name": "a\nb", "text": "証明書\u2028{{ x }}"}, None, [], "line\r\nline", 1.5, {"": {}}]


@pytest.mark.parametrize("values", [[], STRANGE, [{"name": f"c{number}"} for number in range(MANY)]])
def test_what_was_packed_comes_out(values: list[t.Any]) -> None:
    packed = pack(values)
    assert is_packed(packed)
    assert packed["count"] == len(values)
    assert unpacked(packed) == list(each(packed)) == values
    assert json.loads(json.dumps(packed)) == packed


def test_a_list_of_megabytes_comes_out_although_it_is_unpressed_in_parts() -> None:
    values = ["".join(sha256(f"{number} {part}".encode()).hexdigest() for part in range(16)) for number in range(2000)]
    packed = pack(values)
    assert max(len(text) for text in packed.values() if isinstance(text, str)) > 1_000_000
    assert list(each(packed)) == unpacked(packed) == values


def test_ten_thousand_like_things_take_little_room() -> None:
    values = [{"name": f"c{number:05}", "names": [f"www.c{number:05}.example.jp"] * 4} for number in range(10_000)]
    assert len(json.dumps(pack(values))) < len(json.dumps(values)) / 5


def test_by_name_each_is_read_when_it_is_asked_for() -> None:
    found = ByName(["a", "b"], pack([{"of": 1}, {"of": 2}]))
    assert (list(found), len(found), "b" in found, "c" in found) == (["a", "b"], 2, True, False)
    assert found["b"] == {"of": 2} and found.get("c") is None
    assert [one["of"] for one in found.values()] == [1, 2]


def test_what_is_not_packed_stays_as_it_is() -> None:
    assert unpacked([1]) == list(each([1])) == [1]
    assert unpacked(None) == list(each(None)) == []
    assert not is_packed({"results": []}) and not is_packed([]) and not is_packed(None)


def test_lines_that_are_json_already_are_not_encoded_again() -> None:
    assert unpacked(pack_lines(['{"a": 1}', "[2]"])) == [{"a": 1}, [2]]


def test_a_text_that_would_fill_the_memory_is_refused() -> None:
    pressed = zlib.compress(b"0" * 80_000_000, 9)
    packed = {"packed_lines": base64.b64encode(pressed).decode(), "count": 1}
    assert len(packed["packed_lines"]) < 150_000
    with pytest.raises(ValueError, match="much longer"):
        unpacked(packed)


class Lazy(dict[str, t.Any]):
    """As Ansible's containers: what lies in it is not what it gives."""

    def items(self) -> t.Any:
        return [(key, f"rendered {value}") for key, value in super().items()]


def test_lazy_containers_are_settled_before_they_are_packed() -> None:
    deep = [{"one": Lazy(a="x"), "many": (Lazy(b="y"), 1, None)}]
    assert unpacked(pack(map(settled, deep))) == [{"one": {"a": "rendered x"}, "many": [{"b": "rendered y"}, 1, None]}]
