# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lab misbehaves: one table of all vices, and the switches.

A vice is deterministic. It strikes the first time (or the first n times) for each key, an order or a call for example,
and never again: a client that tries again gets through. The gentle half is on by default.
"""

from __future__ import annotations

import threading
import typing as t
from collections import Counter

from . import vices_acme_ca, vices_atlas, vices_dpf, vices_gcc, vices_renge
from .vice import Vice

VICES: tuple[Vice, ...] = (
    # --- dns ---
    Vice("dns_secondary_lags", "dns", True, "the second server shows each update 2 seconds later"),
    Vice("dns_servers_disagree", "dns", False, "the second server learns nothing new while this is on"),
    Vice("dns_servfail_first", "dns", False, "the first update of each zone gets SERVFAIL and has no effect"),
    Vice("dns_update_answer_lost", "dns", False, "the first update of each zone has its effect, but is not answered"),
    Vice("dns_truncates", "dns", True, "TXT and CAA answers over UDP are empty and truncated (TC): ask by TCP"),
    # --- web ---
    Vice("web_reload_late", "web", True, "each web host's first reload takes effect 1 second after the signal"),
    Vice("web_token_fails_first", "web", False, "each token file is answered with 503 the first time it is looked at"),
    # --- mail ---
    Vice("mail_late", "mail", False, "a mail reaches its mailbox 2 seconds later"),
    Vice("mail_twice", "mail", True, "each mail is delivered twice"),
    Vice("mail_iso2022jp", "mail", True, "approval mails are in ISO-2022-JP"),
    Vice("mail_html_only", "mail", False, "approval mails have no plain text"),
    # --- api ---
    Vice(
        "received_first", "api", True, "a new order is `received`, and has no files and records until it was looked at"
    ),
    Vice("too_many_seconds", "api", True, "429 with Retry-After in seconds, once for each call; no effect"),
    Vice("too_many_date", "api", False, "429 with Retry-After as a date of the lab's clock, once; no effect"),
    Vice("too_many_skewed", "api", False, "the same date by a clock that is an hour ahead, as the answer's Date is"),
    Vice("server_error", "api", True, "500 with a page, once for each call; no effect"),
    Vice("gateway_lost_effect", "api", False, "502 with a page, once for each call: but the call has had its effect"),
    Vice(
        "lost_answer", "api", True, "the call has its effect, then the connection closes without a byte; once for each"
    ),
    Vice("cut_answer", "api", False, "the connection closes in the middle of the first answer to each call"),
    Vice("half_json", "api", False, "the first answer to each call is half of the JSON, as if it were all"),
    Vice("html_for_json", "api", True, "200 with a page of HTML, once for each call; no effect"),
    Vice("redirect_to_page", "api", False, "302 to a page that says sorry, once for each call; no effect"),
    Vice("unauthorized_first", "api", False, "401 though the key is right, once for each call; no effect"),
    Vice("error_in_200", "api", False, "the first look, list and download is an error object with status 200"),
    Vice("huge_answer", "api", False, "the first look, list and download has 32 MiB of white space before it"),
    Vice("slow_drip", "api", False, "the first answer to each call takes 2 seconds, drop by drop"),
    Vice("gzip_unasked", "api", False, "the first answer to each call is compressed, asked or not"),
    Vice("bom_json", "api", False, "the first answer to each call has a byte order mark before it"),
    Vice("maintenance", "api", False, "the first two requests get 503, a page in Shift_JIS, and Retry-After"),
    Vice("strange_status", "api", True, "the first look at an order shows a state that is not in the manual"),
    Vice("stale_answer_first", "api", False, "the first look after each change shows the order as it was before"),
    Vice("order_missing_first", "api", False, "the first look at each order gets 404 order_not_found"),
    Vice("late_index", "api", False, "a new order is in the list only after 2 seconds"),
    Vice("list_unfiltered", "api", False, "the list holds all orders, whichever one asks for"),
    Vice("number_for_text", "api", False, "numbers of new orders are digits, and sometimes come as a JSON number"),
    Vice("nulls_for_lists", "api", True, "empty lists are null"),
    Vice("keys_left_out", "api", False, "what is empty or null is left out of an order"),
    Vice("times_without_zone", "api", False, "times are written 2026/06/23 10:00:00, in Japan time without saying so"),
    # --- crawler ---
    Vice("crawler_late", "crawler", False, "the crawler passes each order by in its first round"),
    # --- issuing ---
    Vice("examining_slow", "issuing", False, "an order is `examining` for 3 seconds"),
    Vice("download_late", "issuing", True, "the first download of each issued certificate gets 409 not_issued"),
    Vice("other_certificate", "issuing", False, "the first download of each order is a certificate for another key"),
    Vice("crlf_pem", "issuing", True, "PEM texts have lines that end with CR LF"),
    Vice("pem_no_newline", "issuing", True, "PEM texts have no end of line at their end"),
    Vice("pem_with_text", "issuing", False, "PEM texts have lines of explanation before them"),
    Vice("chain_in_one_text", "issuing", False, "all intermediates are in one text"),
    Vice("root_included", "issuing", False, "the root is given among the intermediates"),
    Vice("chain_reversed", "issuing", False, "the intermediates come in the wrong order, the leaf's issuer last"),
    Vice(
        "new_intermediate",
        "issuing",
        False,
        "a new issuing CA signs, and its own certificate was renewed at the download",
    ),
    Vice("wrong_chain", "issuing", False, "the intermediate has the issuer's name, but not its key: never deploy it"),
    # --- digicert: the answers of its API ---
    Vice(
        "dc_too_many", "digicert", True, "429 request_limit_exceeded without Retry-After, once for each call; no effect"
    ),
    Vice("dc_too_many_seconds", "digicert", False, "429 with Retry-After in seconds, once for each call; no effect"),
    Vice("dc_too_many_date", "digicert", False, "429 with Retry-After as a date of the lab's clock, once; no effect"),
    Vice("dc_too_many_skewed", "digicert", False, "the same date by a clock that is an hour ahead, as the Date is"),
    Vice("dc_server_error", "digicert", True, "500 with a page, once for each call; no effect"),
    Vice("dc_unavailable", "digicert", False, "503 with a page and Retry-After, once for each call; no effect"),
    Vice("dc_unavailable_after_effect", "digicert", False, "the same, but the call has had its effect; once for each"),
    Vice("dc_gateway_lost_effect", "digicert", False, "502 with a page, once for each call: but it has had its effect"),
    Vice("dc_lost_answer", "digicert", True, "the call has its effect, then the connection closes; once for each"),
    Vice("dc_cut_answer", "digicert", False, "the connection closes in the middle of the first answer to each call"),
    Vice("dc_half_json", "digicert", False, "the first answer to each call is half of it, as if it were all"),
    Vice("dc_html_for_json", "digicert", True, "200 with a page of HTML, once for each call; no effect"),
    Vice("dc_redirect_to_page", "digicert", False, "302 to a page, once for each call; no effect"),
    Vice("dc_unauthorized_first", "digicert", False, "401 though the key is right, once for each call; no effect"),
    Vice("dc_huge_answer", "digicert", False, "the first look, list, search and download has 32 MiB before it"),
    Vice("dc_slow_drip", "digicert", False, "the first answer to each call takes 2 seconds, drop by drop"),
    Vice("dc_errors_object", "digicert", True, "errors is one object, not a list"),
    # --- digicert: what they say ---
    Vice("dc_strange_status", "digicert", True, "the first look at an order shows a status that nobody knows"),
    Vice("dc_strange_status_always", "digicert", False, "every look at an order shows it: nobody can go on"),
    Vice("dc_status_approved", "digicert", False, "the first look at an issued order says `approved`, as of old"),
    Vice(
        "dc_stale_answer_first", "digicert", False, "the first look after each change shows the order as it was before"
    ),
    Vice("dc_order_missing_first", "digicert", False, "the first look at each order gets 404 not_found|order"),
    Vice("dc_renewal_link_stale", "digicert", True, "orders do not say what they renew, and by what they are renewed"),
    Vice("dc_status_filter_ignored", "digicert", True, "lists hold orders of every status, whichever one asks for"),
    Vice(
        "dc_reference_shared", "digicert", False, "a canceled order of another name has the same alternative_order_id"
    ),
    Vice("dc_late_index", "digicert", False, "UNVERIFIED: new orders are in lists and searches only after 2 seconds"),
    Vice("dc_alternate_404", "digicert", False, "UNVERIFIED: a search by alternative_order_id in vain gets 404"),
    Vice("dc_numbers_as_text", "digicert", False, "numbers of orders and certificates come as texts"),
    Vice("dc_keys_left_out", "digicert", False, "what is null is left out"),
    Vice("dc_401_page", "digicert", False, "UNVERIFIED: a wrong key gets 401 with a page, not JSON"),
    Vice("dc_refused_count_too", "digicert", False, "UNVERIFIED: refused requests count for the request limits, too"),
    # --- digicert: what becomes of an order ---
    Vice("dc_approval_queue", "digicert", False, "requests wait for an administrator, who has to answer them"),
    Vice("dc_invalid_approver", "digicert", False, "UNVERIFIED status: who made a request may not answer it (400)"),
    Vice("dc_processing_slow", "digicert", False, "an order that is validated is `processing` for 3 seconds"),
    Vice("dc_check_late", "digicert", True, "the first check-dcv of each order finds nothing"),
    Vice("dc_no_redirects", "digicert", False, "a file behind a redirect is not found, as resellers warn"),
    Vice(
        "dc_no_dnsauth",
        "digicert",
        False,
        "UNVERIFIED: TXT records at _dnsauth. are not looked at, only the name itself",
    ),
    Vice("dc_token_only_at_name", "digicert", False, "UNVERIFIED: tokens count at the name itself, not above it"),
    Vice(
        "dc_cname_without_value", "digicert", False, "UNVERIFIED: _dnsauth. as an alias of dcv.digicert.com is enough"
    ),
    Vice("dc_free_base_name", "digicert", False, "DV for www.X is for X as well, which has to be validated, too"),
    Vice("dc_dv_reuses_domains", "digicert", False, "UNVERIFIED: DV orders use what earlier DV orders have proven"),
    Vice("dc_ev_approver_mail", "digicert", False, "UNVERIFIED: EV orders wait for the ev_approver, by a mail"),
    Vice("dc_mail_old_subject", "digicert", False, "approval mails have the subject that they had earlier"),
    Vice("dc_page_asks_scope", "digicert", False, "the approval page asks for a scope, as it did earlier"),
    # --- digicert: certificates ---
    Vice("dc_pem_missing_first", "digicert", True, "the first PEM download of each certificate holds none"),
    Vice("dc_pem_repeated", "digicert", False, "PEM downloads hold everything twice"),
    Vice("dc_chain_reversed", "digicert", False, "PEM downloads have the root before the intermediate"),
    Vice(
        "dc_new_intermediate",
        "digicert",
        False,
        "another CA signs, and its own certificate was renewed at the download",
    ),
    Vice("dc_other_certificate", "digicert", False, "the first download of each certificate is one for another key"),
    Vice("dc_wrong_key", "digicert", False, "every download is a certificate for another key: never deploy it"),
    Vice("dc_wrong_chain", "digicert", False, "the intermediate has the issuer's name, not its key: never deploy it"),
    # --- the other simulators: *vices_NAME.VICES ---
    *vices_acme_ca.VICES,
    *vices_atlas.VICES,
    *vices_dpf.VICES,
    *vices_gcc.VICES,
    *vices_renge.VICES,
)


class Switches:
    """Which vices are on. Safe for threads."""

    def __init__(self, on: t.Iterable[str] | None = None) -> None:
        self._lock = threading.Lock()
        self._struck: Counter[tuple[str, str]] = Counter()
        self._on: set[str] = set()
        self.only(*([vice.name for vice in VICES if vice.default] if on is None else on))

    def is_on(self, name: str) -> bool:
        _check(name)
        with self._lock:
            return name in self._on

    def set(self, name: str, on: bool) -> None:
        """Switched on anew, a vice strikes anew."""
        _check(name)
        with self._lock:
            if on and name not in self._on:
                self._on.add(name)
                self._forget(name)
            elif not on:
                self._on.discard(name)

    def only(self, *names: str) -> None:
        for name in names:
            _check(name)
        for vice in VICES:
            self.set(vice.name, vice.name in names)

    def none(self) -> None:
        self.only()

    def strikes(self, name: str, key: object, times: int = 1) -> bool:
        """It is on, and has struck this key less often than so many times. Counts as a strike."""
        _check(name)
        with self._lock:
            if name not in self._on or self._struck[name, str(key)] >= times:
                return False
            self._struck[name, str(key)] += 1
            return True

    def _forget(self, name: str) -> None:
        for struck in [struck for struck in self._struck if struck[0] == name]:
            del self._struck[struck]


def _check(name: str) -> None:
    if not any(vice.name == name for vice in VICES):
        raise ValueError(f'the lab has no vice "{name}": {", ".join(vice.name for vice in VICES)}')
