# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the simulator of GlobalSign GCC misbehaves: its rows of the table of vices."""

from __future__ import annotations

import typing as t

from .vice import Vice

#: name, whether it is on by default, what it does
ROWS: t.Sequence[tuple[str, bool, str]] = (
    # --- the answers of its interface: each once for each call ---
    ("gcc_too_many", True, "429 with a page and without Retry-After, once for each call; no effect"),
    ("gcc_too_many_seconds", False, "429 with Retry-After in seconds, once for each call; no effect"),
    ("gcc_too_many_date", False, "429 with Retry-After as a date of the lab's clock, once; no effect"),
    ("gcc_too_many_skewed", False, "the same date by a clock that is an hour ahead, as the answer's Date is"),
    ("gcc_server_error", True, "500 with a page, once for each call; no effect"),
    ("gcc_unavailable", False, "503 with a page and Retry-After, once for each call; no effect"),
    ("gcc_unavailable_after_effect", False, "503 with a page, once for each call: but it has had its effect"),
    ("gcc_soap_fault", False, "UNVERIFIED: 500 with a SOAP fault, once for each call; no effect"),
    ("gcc_lost_answer", True, "the call has its effect, then the connection closes; once for each"),
    ("gcc_html_for_xml", True, "200 with a page of HTML, once for each call; no effect"),
    ("gcc_cut_answer", False, "the connection closes in the middle of the first answer to each call"),
    ("gcc_half_xml", False, "the first answer to each call is half of it, as if it were all"),
    ("gcc_slow_drip", False, "the first answer to each call takes 2 seconds, drop by drop"),
    ("gcc_redirect_to_page", False, "302 to a page, once for each call; no effect"),
    ("gcc_login_first", False, "-4001 though the password is right, once for each call; no effect"),
    ("gcc_internal_error", True, "-1, internal error, once for each call; no effect"),
    ("gcc_internal_after_effect", False, "-1, once for each call: but it has had its effect"),
    ("gcc_database_error", False, "-300, once for each call; no effect"),
    ("gcc_entity_bomb", False, "the first answer to each call has a document type whose entities grow to 3 GB"),
    ("gcc_external_entity", False, "the first answer to each call has an entity that is a file of the reader"),
    ("gcc_document_type", False, "the first answer to each call names a document type that one could load"),
    ("gcc_gzip_unasked", False, "the first answer to each call is compressed, asked or not"),
    ("gcc_bom_xml", False, "the first answer to each call has a byte order mark before it"),
    ("gcc_huge_answer", False, "the first look and search has 32 MiB of white space after the XML declaration"),
    # --- what they say ---
    ("gcc_clock_skewed", False, "its clock is an hour ahead: Timestamp, and the Date of the answer"),
    ("gcc_warnings", True, "what succeeds has SuccessCode 1 and a warning among its Errors"),
    ("gcc_other_prefixes", True, "the envelope and the operation have other prefixes for their namespaces"),
    ("gcc_nil_left_out", False, "what is nil is left out, and empty Errors, too"),
    ("gcc_order_id_blanks", True, "order numbers have blanks around them; in requests they must not"),
    ("gcc_product_code_internal", True, "orders show internal product codes, as DV_HIGH_DNS_MONTH_OP"),
    ("gcc_strange_status", True, "the first look at an order shows a status that nobody knows"),
    ("gcc_strange_status_always", False, "every look at an order shows it: nobody can go on"),
    ("gcc_stale_answer_first", False, "the first look after each change shows the order as it was before"),
    ("gcc_list_unfiltered", False, "searches find all orders, whichever one asks for"),
    ("gcc_late_index", False, "UNVERIFIED: new orders are in searches only after 2 seconds"),
    ("gcc_sub_id_shared", False, "a cancelled order of another name has the same SubID"),
    ("gcc_sub_id_hidden", False, "UNVERIFIED: no answer shows the SubID of an order"),
    ("gcc_reissue_no_sub_id", False, "UNVERIFIED: the new order of a reissue has no SubID"),
    ("gcc_common_name_nil", False, "UNVERIFIED: GetOrderByCommonName in vain succeeds, with a nil OrderID"),
    ("gcc_dvc_missing", False, "UNVERIFIED: GetOrderByCommonName does not tell the code (DVC is nil)"),
    ("gcc_dvc_bare", False, "UNVERIFIED: DVC is the 43 characters only, without the words before them"),
    ("gcc_times_without_zone", False, "UNVERIFIED: moments of orders are Japan's, without saying so"),
    ("gcc_unknown_order_internal", False, "UNVERIFIED: an order that is not there is -1, too, not -4003"),
    ("gcc_decode_without_response", False, "the answer to DecodeCSR is called DecodeCSR, as in one recording"),
    # --- what becomes of an order; these refuse as long as they are on ---
    ("gcc_ip_not_allowed", False, "-4201: the caller's address is not allowed, while this is on"),
    ("gcc_no_balance", False, "-6101 to every order, while this is on"),
    ("gcc_phishing_refused", False, "-5001 to every order, while this is on"),
    ("gcc_logical_limit", False, "-4005 to every order, while this is on"),
    ("gcc_key_reuse_refused", False, "UNVERIFIED when: -6007 to every order with a key that an order has had"),
    ("gcc_phishing_wait", False, "an order that is verified waits 3 seconds for the phishing check (status 2)"),
    ("gcc_check_late", True, "the first verification of each order finds nothing: -4147"),
    ("gcc_verify_again", False, "UNVERIFIED: verifying an issued order gives its certificate again, not -9938"),
    ("gcc_vetting_quick", False, "OV and EV orders are vetted by themselves after 3 seconds"),
    ("gcc_reissue_slow", False, "UNVERIFIED: the new order of a reissue is issued only after 3 seconds"),
    ("gcc_revoking_slow", False, "a revoked order waits for its revocation (status 6) for 3 seconds"),
    ("gcc_words_upper", False, "UNVERIFIED: ModifyOrder takes CANCEL and REVOKE (and what other switches allow)"),
    ("gcc_words_capital", False, "UNVERIFIED: ModifyOrder takes Cancel and Revoke (and what other switches allow)"),
    ("gcc_words_lower", False, "UNVERIFIED: ModifyOrder takes cancel and revoke (and what other switches allow)"),
    ("gcc_san_type_2", False, "UNVERIFIED: SAN entries of type 2 are names like all others"),
    ("gcc_old_record", False, "the text of the record begins without an underscore, as in old recordings"),
    ("gcc_page_at_root", False, "the meta tag is looked for in the page at /, as of old, not in gsdv.txt"),
    ("gcc_file_wants_tag", False, "UNVERIFIED: gsdv.txt must have the whole meta tag"),
    ("gcc_file_wants_code", False, "UNVERIFIED: gsdv.txt must have the code, and nothing else"),
    # --- certificates ---
    ("gcc_certificate_late", True, "the first answer that would have an issued certificate has a nil Fulfillment"),
    ("gcc_chain_missing_first", False, "the first Fulfillment of each order has no CACertificates"),
    ("gcc_root_first", True, "CACertificates has the root before the intermediate"),
    ("gcc_new_intermediate", False, "another CA signs, and its own certificate was renewed at the answer"),
    ("gcc_other_certificate", False, "the first certificate of each order is one for another key"),
    ("gcc_wrong_key", False, "every certificate is for another key: never deploy it"),
    ("gcc_wrong_chain", False, "the intermediate has the issuer's name, not its key: never deploy it"),
)  # fmt: skip
VICES: tuple[Vice, ...] = tuple(Vice(name, "gcc", default, what) for name, default, what in ROWS)
