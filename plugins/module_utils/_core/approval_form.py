# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent with an approval's form: what the page put there, a scope, a name and a code. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    Button,
    Field,
    Flaw,
    Form,
    OurOrder,
    Page,
    holds,
    tight,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import COVERS, MailProfile, Press, Scope

__all__ = ["Sending", "form_flaw", "needed_scope", "sending"]

_CHOICES = ("radio", "checkbox")
_TEXTS = ("text", "textarea", "")


class Sending(t.NamedTuple):
    """A form as it is sent: a POST of these fields to this URL. scope: the words that were ticked."""

    url: str
    fields: tuple[tuple[str, str], ...]
    scope: str = ""


def form_flaw(page: Page, profile: MailProfile, step: int, order: OurOrder, domain: str, signature: str) -> Flaw | None:
    """Why this page cannot be answered as the row says."""
    made = sending(page, profile, step, order, domain, signature)
    return made if isinstance(made, Flaw) else None


def sending(
    page: Page, profile: MailProfile, step: int, order: OurOrder, domain: str, signature: str, code: str = ""
) -> Sending | Flaw:
    if step >= len(profile.forms):
        return Flaw("page_form_missing", "the row of this sender says nothing of such a form")
    press = profile.forms[step]
    found = _pressed(page, press)
    if isinstance(found, Flaw):
        return found
    form, button = found
    flaw = _action_flaw(form, page, profile)
    if flaw is not None:
        return flaw
    scope = _scope(form, press, order, domain)
    if isinstance(scope, Flaw):
        return scope
    filled = _filled(form, press, scope, signature, code)
    if isinstance(filled, Flaw):
        return filled
    pressed = ((button.name, button.value),) if button.name else ()
    return Sending(form.action, (*filled, *pressed), scope.label if scope else "")


def _pressed(page: Page, press: Press) -> tuple[Form, Button] | Flaw:
    """Of all forms exactly one has exactly one such button."""
    wanted = {tight(word) for word in press.buttons}
    found = [(form, button) for form in page.forms for button in form.buttons if tight(button.words) in wanted]
    if not found:
        return Flaw("page_button_missing", f"its page has no button {' or '.join(press.buttons)}")
    if len(found) > 1:
        return Flaw("page_button_several", f"its page has {len(found)} buttons that approve")
    return found[0]


def _action_flaw(form: Form, page: Page, profile: MailProfile) -> Flaw | None:
    if form.method != "post":
        return Flaw("page_form_not_post", f"its form is sent with {form.method.upper()}")
    at, of = urllib.parse.urlsplit(form.action), urllib.parse.urlsplit(page.url)
    if (at.scheme, at.netloc) != (of.scheme, of.netloc):
        return Flaw("page_action_elsewhere", f"its form is sent to {at.hostname or 'nowhere'}")
    if any(word in part.lower() for word in profile.rejects for part in (at.path, at.query)):
        return Flaw("page_action_rejects", "its form is sent to where one refuses")
    return None


# --- scope -----------------------------------------------------------------------------------------------------------


def needed_scope(order: OurOrder, domain: str) -> str:
    """The narrowest that covers every name of the order at or below the domain of the mail."""
    below = [name for name in order.dns_names if validated_name(name).endswith(f".{domain}")]
    wild = [name for name in order.dns_names if name == f"*.{domain}"]
    return "subtree" if below or wild else "fqdn"


def _scope(form: Form, press: Press, order: OurOrder, domain: str) -> Field | Flaw | None:
    """Which choice is ticked; None: the page asks for none. A choice that nobody knows is a flaw."""
    choices = [one for one in form.fields if one.kind in _CHOICES]
    if not choices:
        return None
    wanted = needed_scope(order, domain)
    rank = COVERS.index(wanted)
    known = [(COVERS.index(scope.covers), choice) for choice in choices for scope in _scopes(choice, press)]
    fitting = sorted((pair for pair in known if pair[0] >= rank and pair[0] < COVERS.index("account")), key=_by_rank)
    if not fitting:
        return Flaw("page_scope_unknown", f"its page has no known scope that covers the order's names ({wanted})")
    return fitting[0][1]


def _by_rank(pair: tuple[int, Field]) -> int:
    return pair[0]


def _scopes(choice: Field, press: Press) -> list[Scope]:
    return [scope for scope in press.scopes if holds(choice.label, scope.words)]


# --- fields ----------------------------------------------------------------------------------------------------------


def _filled(
    form: Form, press: Press, scope: Field | None, signature: str, code: str
) -> tuple[tuple[str, str], ...] | Flaw:
    made: list[tuple[str, str]] = []
    for one in form.fields:
        if one.kind in _CHOICES:
            made += [(one.name, one.value or "on")] if one is scope else []
        elif one.kind == "hidden":
            made.append((one.name, one.value))
        elif one.name == press.code_field and press.code_field:
            made.append((one.name, code))
        elif press.signature and one.kind in _TEXTS and holds(one.label, press.signature):
            if not signature:
                return Flaw("signature_missing", "its page asks for a name, and no signature is declared")
            made.append((one.name, signature))
        else:
            return Flaw("page_field_unknown", f"its page asks for something that nobody knows: {one.label or one.name}")
    if press.code_field and press.code_field not in {name for name, _value in made}:
        return Flaw("page_field_missing", "its page has no place for the code")
    return tuple(made)
