# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``dcv_check`` can find, one row a code. ``fatal``: a CA that looks now says no, or nothing can be said for it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

FATAL, WARNING = "fatal", "warning"


class EyeCode(t.NamedTuple):
    """what: a sentence for people; todo: what a person does next."""

    word: str
    severity: str
    what: str
    todo: str


_SERVERS = (
    EyeCode(
        "zone_not_found",
        FATAL,
        "The zone of a name could not be found",
        "Check the delegation of the domain, and sight.resolvers",
    ),
    EyeCode(
        "server_silent",
        FATAL,
        "A name server does not answer",
        "Start it, open UDP and TCP port 53 to it, or take it out of the zone and its delegation",
    ),
    EyeCode(
        "server_unreachable",
        FATAL,
        "A name server cannot be reached",
        "Check its address record, its firewall, and TCP port 53",
    ),
    EyeCode(
        "server_bad_answer",
        FATAL,
        "A name server answers what cannot be used",
        "Look at the server and at what stands before it",
    ),
    EyeCode(
        "server_refuses",
        FATAL,
        "A name server refuses to answer for the zone",
        "Let it serve the zone, or take it out of the zone and its delegation",
    ),
    EyeCode("server_fails", FATAL, "A name server fails", "Look at its log; the zone may not be loaded"),
    EyeCode(
        "server_lame",
        FATAL,
        "A name server is not authoritative for the zone",
        "Let it serve the zone, or take it out of the zone and its delegation",
    ),
    EyeCode(
        "server_not_tried",
        WARNING,
        "A name server could not be looked at from here",
        "Look from a machine that has this address family; the CA may have it",
    ),
    EyeCode(
        "server_none_reached",
        FATAL,
        "No authoritative server could be reached",
        "Open UDP and TCP port 53 from here to the servers",
    ),
    EyeCode(
        "delegation_broken",
        FATAL,
        "A name is delegated to servers that cannot be found",
        "Correct the NS records at the delegation, or remove it",
    ),
    EyeCode(
        "delegation_differs",
        WARNING,
        "The zone above names other servers than the zone itself",
        "Make the NS records of both the same; resolvers use either",
    ),
)
_RECORDS = (
    EyeCode("record_missing", FATAL, "A record is not there", "Publish it, and wait until each server has it"),
    EyeCode("record_other_value", FATAL, "A record has other values", "Publish the value beside them, or correct it"),
    EyeCode(
        "record_quoted",
        FATAL,
        "A value is published with quotes in it",
        "Enter the value without quotes: this service adds them itself",
    ),
    EyeCode("record_spaced", FATAL, "A value is published with white space", "Enter the value without white space"),
    EyeCode(
        "record_case",
        FATAL,
        "A value is published in other letters, capital for small",
        "Copy the value; capital and small letters are different",
    ),
    EyeCode(
        "record_split",
        FATAL,
        "A value is spread over several records",
        "Publish it as one record; of more than 255 octets as several strings of one record",
    ),
    EyeCode(
        "record_cut",
        FATAL,
        "Only a part of the value is published",
        "Publish the whole value; the service may cut at 255 octets, at a blank or at a semicolon",
    ),
    EyeCode(
        "record_doubled_name",
        FATAL,
        "The record lies at a name with the zone twice",
        "Enter the name without the zone, or with a dot at its end",
    ),
    EyeCode(
        "record_other_type",
        FATAL,
        "The value is published as a record of another type",
        "Publish it as the type that the order wants",
    ),
    EyeCode("cname_loop", FATAL, "CNAMEs lead in a circle", "Correct the CNAME, or publish the record itself"),
    EyeCode("cname_too_long", FATAL, "Too many CNAMEs stand in a row", "Let the first CNAME lead to the last name"),
    EyeCode(
        "cname_dangling",
        FATAL,
        "A CNAME leads to a name that cannot be found",
        "Correct the CNAME or the zone that it leads to",
    ),
    EyeCode("cname_differs", FATAL, "Name servers have different CNAMEs", "Wait until all servers are the same"),
    EyeCode(
        "cname_beside_data",
        FATAL,
        "A CNAME stands beside other records",
        "Leave either the CNAME or the records: what resolvers do with both is their own affair",
    ),
)
_DNSSEC = (
    EyeCode("dnssec_expired", FATAL, "A DNSSEC signature has expired", "Let the zone be signed anew on every server"),
    EyeCode(
        "dnssec_not_yet",
        FATAL,
        "A DNSSEC signature is not valid yet",
        "Check the clock of the signer, and sign anew",
    ),
    EyeCode(
        "dnssec_bad_signature",
        FATAL,
        "A DNSSEC signature does not fit the record",
        "Let the zone be signed anew; nothing may change records behind the signer",
    ),
    EyeCode(
        "dnssec_unsigned",
        FATAL,
        "A record of a signed zone has no DNSSEC signature",
        "Let the signer sign it, or take the DS record out of the zone above",
    ),
    EyeCode(
        "dnssec_wrong_key",
        FATAL,
        "A DNSSEC signature is by a key that the zone does not show",
        "Publish the key that signs, or sign with one that is published",
    ),
    EyeCode(
        "dnssec_no_ds_match",
        FATAL,
        "No key of the zone fits the DS record above it",
        "Give the registrar the DS record of the key that is used now",
    ),
    EyeCode(
        "dnssec_keys_unsigned",
        FATAL,
        "The keys of a zone are not signed by the key that its DS record names",
        "Let the key of the DS record sign the DNSKEY records",
    ),
    EyeCode(
        "dnssec_keys_missing",
        FATAL,
        "A zone with a DS record shows no keys",
        "Sign the zone, or take the DS record out of the zone above",
    ),
    EyeCode(
        "dnssec_denial_missing",
        FATAL,
        "That a record is not there is not proven by DNSSEC",
        "Let the zone be signed anew with its NSEC or NSEC3 records",
    ),
    EyeCode(
        "dnssec_denial_wrong",
        FATAL,
        "The DNSSEC proof that a record is not there does not fit",
        "Let the zone be signed anew with its NSEC or NSEC3 records",
    ),
    EyeCode(
        "dnssec_wildcard_unproven",
        FATAL,
        "That a wildcard may answer for the name is not proven by DNSSEC",
        "Let the zone be signed anew with its NSEC or NSEC3 records",
    ),
    EyeCode(
        "dnssec_anchor",
        FATAL,
        "The keys of the trust anchor's zone do not fit it",
        "Check sight.trust_anchors, and who answers for the resolvers",
    ),
    EyeCode(
        "dnssec_delegation_unproven",
        FATAL,
        "Whether a delegation is signed is not proven",
        "Let the zone above be signed anew; it has to sign a DS record or its absence",
    ),
    EyeCode(
        "dnssec_not_checked",
        WARNING,
        "DNSSEC could not be validated",
        "Name resolvers in sight.resolvers that pass on DNSSEC records",
    ),
)
_CAA = (
    EyeCode("caa_forbids", FATAL, "CAA records allow other CAs only", "Add the CA to them, or publish at the name"),
    EyeCode("caa_forbids_all", FATAL, "CAA records allow no CA at all", "Add an issue property for the CA"),
    EyeCode(
        "caa_forbids_wildcard",
        FATAL,
        "CAA records allow no wildcard certificate of this CA",
        "Add an issuewild property for the CA",
    ),
    EyeCode(
        "caa_critical",
        FATAL,
        "A CAA property that is marked critical is not known to CAs",
        "Remove the property, or its critical flag",
    ),
    EyeCode(
        "caa_account",
        FATAL,
        "CAA records allow another account of the CA only",
        "Add the accounturi of this account, or remove the parameter (RFC 8657)",
    ),
    EyeCode(
        "caa_method",
        FATAL,
        "CAA records allow other validation methods only",
        "Add the method to validationmethods, or use one that is there (RFC 8657)",
    ),
    EyeCode(
        "caa_malformed",
        FATAL,
        "A CAA property is malformed and so allows nobody",
        "Write a domain name, then parameters after semicolons (RFC 8659 section 4.2)",
    ),
    EyeCode(
        "caa_lookup_failed",
        FATAL,
        "CAA records could not be looked up, which is no permission",
        "Let every server answer questions for CAA",
    ),
    EyeCode(
        "caa_servers_differ",
        FATAL,
        "Name servers have different CAA records, and some do not allow the CA",
        "Wait until all servers are the same",
    ),
    EyeCode(
        "caa_not_judged",
        WARNING,
        "CAA records could not be held against this CA",
        "Name the CA's issuer domain names (and account URI) for the check",
    ),
)
_CONTACTS = (
    EyeCode("contact_missing", FATAL, "The record with the contact is not there", "Publish it with role contacts"),
    EyeCode(
        "contact_other",
        FATAL,
        "The record holds another contact",
        "Publish the address that the order was given, or order with the other",
    ),
    EyeCode(
        "contact_not_bare",
        FATAL,
        "The record holds more than one bare address",
        "Publish the address alone: no mailto:, no name, no brackets, no list",
    ),
    EyeCode(
        "contact_several",
        WARNING,
        "Several contacts are published at one name",
        "Each of them may approve; remove those that should not",
    ),
    EyeCode(
        "contact_pieces",
        WARNING,
        "The address is spread over several character-strings",
        "Publish it as one string; no rule says how CAs read several",
    ),
    EyeCode(
        "contact_hidden",
        FATAL,
        "The contact is hidden by nearer CAA records",
        "Publish the contact in the nearer records, too (RFC 8659 section 3)",
    ),
    EyeCode(
        "contact_hosts_own",
        FATAL,
        "The mailbox belongs to the DNS host, not to you",
        "Set your own mailbox, or agree with the host first (IIJ-6)",
    ),
    EyeCode("contact_no_mailbox", FATAL, "The SOA record names no mailbox", "Set the mailbox of the zone"),
    EyeCode(
        "contact_widens",
        WARNING,
        "The contact may approve certificates for the whole domain",
        "Publish at the name itself if the mailbox should approve for that alone",
    ),
    EyeCode(
        "contact_public_host",
        WARNING,
        "The mailbox is at a public mail service",
        "Use a mailbox of your own domain that outlives the person",
    ),
    EyeCode("contact_null_mx", FATAL, "The domain of the mailbox takes no mail", "Use a mailbox that takes mail"),
    EyeCode(
        "contact_no_mail_host",
        FATAL,
        "No mail host is known for the mailbox",
        "Correct the MX records, or use another mailbox",
    ),
    EyeCode(
        "contact_weak_mx",
        WARNING,
        "A mail host of the mailbox is not as it should be",
        "Let MX records name hosts with addresses, and no CNAME",
    ),
    EyeCode(
        "contact_unknown",
        WARNING,
        "The mail hosts of the mailbox could not be looked up",
        "Look again; or name other resolvers in sight.resolvers",
    ),
    EyeCode("mail_not_sent", FATAL, "The test mail was not taken", "Check the mailbox and the settings of test_mail"),
    EyeCode(
        "mail_not_seen",
        FATAL,
        "The test mail did not arrive",
        "Check the mailbox, its filters, and that it is the one that is read",
    ),
)
_FILES = (
    EyeCode("file_bad_url", FATAL, "A file's URL is not fetched by a CA", "Take the URL that the order wants"),
    EyeCode("file_value_in_url", FATAL, "The value is part of the URL", "Put the value into the file only"),
    EyeCode("file_no_address", FATAL, "A web host has no address", "Add A or AAAA records"),
    EyeCode(
        "file_private_address",
        FATAL,
        "A web host has an address that no CA can reach",
        "Publish a public address; behind split DNS, name public resolvers in sight.resolvers",
    ),
    EyeCode("file_silent", FATAL, "A web server does not answer", "Let port 80 be reached from everywhere"),
    EyeCode(
        "file_unreachable",
        FATAL,
        "A web server cannot be reached",
        "Let port 80 be reached from everywhere, by each address",
    ),
    EyeCode("file_tls", FATAL, "A web server does not speak TLS", "Correct its TLS, or do not redirect to https"),
    EyeCode("file_bad_answer", FATAL, "A web server's answer cannot be used", "Look at the web server's log"),
    EyeCode("file_status", FATAL, "A web server does not serve the file", "Place the file on every web server"),
    EyeCode(
        "file_other_content",
        FATAL,
        "A web server serves other content",
        "Place the file on every web server, byte by byte",
    ),
    EyeCode(
        "file_page_for_all",
        FATAL,
        "A web server answers a page in place of the file",
        "Serve the file before the application and its page for what is not there",
    ),
    EyeCode("file_bom", FATAL, "The file begins with a byte order mark", "Save it as plain ASCII"),
    EyeCode("file_utf16", FATAL, "The file is UTF-16", "Save it as plain ASCII"),
    EyeCode("file_too_large", FATAL, "The file is too large", "Serve the value alone"),
    EyeCode(
        "file_meta_refresh",
        FATAL,
        "A page sends browsers on, which no CA follows",
        "Redirect with status 301, 302, 307 or 308, or serve the file there",
    ),
    EyeCode("file_redirect_loop", FATAL, "Redirects lead in a circle", "Serve the file without a redirect"),
    EyeCode("file_redirect_many", FATAL, "Too many redirects stand in a row", "Redirect once, to the end"),
    EyeCode("file_redirect_status", FATAL, "The redirect is of a kind that no CA follows", "Use 301, 302, 307 or 308"),
    EyeCode("file_redirect_nowhere", FATAL, "A redirect does not say where to", "Add a Location header"),
    EyeCode("file_redirect_port", FATAL, "A redirect leads to another port", "Use port 80 or 443"),
    EyeCode("file_redirect_scheme", FATAL, "A redirect leads to what no CA fetches", "Use http or https"),
    EyeCode("file_redirect_host", FATAL, "A redirect leads to no DNS name", "Redirect to a DNS name"),
    EyeCode(
        "file_redirect_domain",
        FATAL,
        "A redirect leads to another domain, which this CA does not follow",
        "Redirect within the registered domain, or serve the file there",
    ),
    EyeCode(
        "file_redirect_private",
        FATAL,
        "A redirect leads to an address that no CA can reach",
        "Redirect to a host with a public address",
    ),
    EyeCode(
        "file_not_tried",
        WARNING,
        "A web server could not be looked at from here",
        "Look from a machine that has this address family; the CA may have it",
    ),
    EyeCode("file_none_reached", FATAL, "No address of a web host could be reached", "Look from another machine"),
)
_VIEWS = (
    EyeCode(
        "view_private_servers",
        FATAL,
        "The name servers that were found are inside: a CA sees others",
        "Name public resolvers in sight.resolvers",
    ),
    EyeCode(
        "view_private_server",
        WARNING,
        "A name server has an address that no CA can reach",
        "Take it out of the zone and its delegation",
    ),
    EyeCode(
        "view_other_servers",
        WARNING,
        "This machine's own resolver sees other name servers",
        "Nothing, if an inner view of the zone is meant to be there",
    ),
    EyeCode(
        "view_other_value",
        WARNING,
        "This machine's own resolver sees other values than the authoritative servers",
        "Nothing, if an inner view is meant to be there; else wait until the resolver has forgotten",
    ),
    EyeCode(
        "view_missing",
        WARNING,
        "This machine's own resolver does not see the record",
        "Nothing, if an inner view is meant to be there; else wait until it has forgotten its absence",
    ),
    EyeCode(
        "vantage_lacks",
        FATAL,
        "It is not seen from outside",
        "Look for rules by region or address, and for servers that lag behind",
    ),
    EyeCode(
        "vantage_not_asked",
        WARNING,
        "An outside vantage point could not look",
        "Check that it can be reached and has dnspython",
    ),
)

EYE_CODES: tuple[EyeCode, ...] = (*_SERVERS, *_RECORDS, *_DNSSEC, *_CAA, *_CONTACTS, *_FILES, *_VIEWS)
