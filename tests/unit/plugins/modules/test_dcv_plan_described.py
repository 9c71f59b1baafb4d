# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan reads the descriptions of sellers: mistakes are told before keys are made, what lacks is not offered."""

from __future__ import annotations

import sys
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import LABSSL, described
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import FILE, REGISTRAR, by_mail, code, planned

TEXT = LABSSL.read_text("utf-8")


def account(description: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"a": {"adapter": "rest", "settings": {"url": "https://x.example", "description": description}, **more}}


@pytest.mark.parametrize("description", [TEXT, described()])
def test_a_good_description_offers_what_it_describes(description: t.Any) -> None:
    accounts = account(description)
    assert code(planned(validation=FILE, accounts=accounts)) is None
    assert code(planned(validation=by_mail("hostmaster@example.jp"), accounts=accounts)) is None


def test_what_a_description_lacks_is_not_offered() -> None:
    accounts = account(described(methods__registrar=None, contacts={"txt": "t"}))
    assert code(planned(validation=REGISTRAR, accounts=accounts)) == "method_not_allowed"
    assert code(planned(validation=by_mail("hostmaster@example.jp"), accounts=accounts)) is not None
    assert code(planned(validation=FILE, accounts=accounts)) is None


def test_offers_narrow_it_further_and_never_widen_it() -> None:
    accounts = account(described(methods__registrar=None), offers={"methods": ["registrar", "email"]})
    assert code(planned(validation=REGISTRAR, accounts=accounts)) == "method_not_allowed"
    assert code(planned(validation=FILE, accounts=accounts)) == "method_not_allowed"
    assert code(planned(validation=by_mail("hostmaster@example.jp"), accounts=accounts)) is None


def run(accounts: dict[str, t.Any]) -> None:
    item = {"name": "x", "common_name": "www.example.jp", "ca_account": "a", "product": "jprs-dv", "validation": FILE}
    dcv_plan.run({"certificates": [item], "as_of": "2026-11-20", "ca_accounts": accounts}, False)


def test_every_mistake_is_told_with_its_line_before_anything_is_planned() -> None:
    with pytest.raises(InputErrors) as caught:
        run(account(TEXT.replace("look:", "lok:").replace("seller:", "seler:")))
    sentence = caught.value.sentence()
    assert 'ca_accounts "a"' in sentence
    assert "line 7, seler: there is no key 'seler' here. Did you mean \"seller\"?" in sentence
    assert 'Did you mean "look"?' in sentence


def test_a_controller_without_the_library_leaves_it_to_the_ledger_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "jmespath"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "jmespath", None)
    run(account(TEXT))


@pytest.mark.parametrize("settings", [None, {}, {"description": None}, "x"])
def test_what_is_not_there_is_not_judged_here(settings: t.Any) -> None:
    run({"a": {"adapter": "rest", "settings": settings}})
