"""What is known of Xero's queries beyond its specification: one table, and where each row is from.

The specification says which parameters and members there are. It does not say which conditions a
filter may hold, how an instant is written, or how long an address may be. What is known of that
comes from Xero's own pages, from recorded traffic and from people who tried it; it stands here.

A form of filter that no source shows is a risk. It may be asked for only where the product survives
a refusal, so such a row names the test that shows it. A form without a row fails: find a source or
write that test, then add the row.
"""

import re
from dataclasses import dataclass

ROOT = "/api.xro/2.0/"

# Sources, as the rows name them.
OPTIMISED = "Xero's invoices and contacts pages, efficient filtering"
USED = "Xero's requests and responses page; seen to work live"
ENUMERATED = "the specification's enumeration of the type"


@dataclass(frozen=True)
class Form:
    """A form of condition: who knows it, or else the tests that show a refusal to be survived."""

    source: str = ""
    survived_by: tuple[str, ...] = ()


_ALL_DATES = "tests/xero_sync/runs/test_all_dates.py::"
_TYPES = Form(ENUMERATED)
_RANGE = Form(OPTIMISED)
# `Date` is named for invoices only; what is not efficient is refused of large organisations.
_CUT = Form(
    USED,
    (f"{_ALL_DATES}test_first_sync_that_xero_finds_too_large_is_read_in_parts_of_any_day",),
)
_UNDATED = Form(
    survived_by=(f"{_ALL_DATES}test_run_ends_where_xero_takes_no_question_for_what_has_no_date",)
)
_BY_ID = Form(
    survived_by=("tests/xero_sync/test_contract.py::test_calls_are_those_of_the_contract",)
)
_LARGE = "tests/xero_sync/contacts/test_very_large_organisations.py::"
# Not among the fields that Xero's contacts page optimises. Where it is refused, each number is
# asked for at its own address: `GET /Contacts/{ContactNumber}` is the specification's, and was seen
# to answer live with one of two contacts that shared a number.
_NARROWED = Form(
    survived_by=(
        "tests/xero_sync/contacts/test_look_up_faults.py::"
        "test_number_with_a_backslash_is_parked_alone_where_names_are_taken",
        f"{_LARGE}test_learner_whose_reply_was_lost_has_one_contact_in_the_end",
        f"{_LARGE}test_sync_now_finds_the_contact_by_its_number",
    )
)
_LONG = "tests/xero_sync/pull/test_long_lists.py::"
_SINCE = Form(
    survived_by=(
        f"{_LONG}test_list_that_is_rejected_at_any_length_costs_one_call_a_try_and_says_why",
    )
)

# By the list, the member, the sign, and how the value is written.
CONDITIONS: dict[tuple[str, str, str, str], Form] = {
    ("Invoices", "Type", "==", "text"): Form(OPTIMISED),
    ("Invoices", "Contact.ContactID", "==", "guid"): Form(OPTIMISED),
    ("Invoices", "Date", ">=", "date"): _RANGE,
    ("Invoices", "Date", "<", "date"): _RANGE,
    ("Contacts", "Name", "==", "text"): Form(OPTIMISED),
    ("Contacts", "ContactNumber", "==", "text"): _NARROWED,
    ("Contacts", "UpdatedDateUTC", ">=", "instant"): _SINCE,
    ("Contacts", "UpdatedDateUTC", "<", "instant"): _SINCE,
    ("CreditNotes", "CreditNoteID", "==", "guid"): _BY_ID,
    ("Overpayments", "OverpaymentID", "==", "guid"): _BY_ID,
    ("Prepayments", "PrepaymentID", "==", "guid"): _BY_ID,
    ("Invoices", "Date", "==", "null"): _UNDATED,
    ("Invoices", "UpdatedDateUTC", ">=", "instant"): _SINCE,
    ("Invoices", "UpdatedDateUTC", "<", "instant"): _SINCE,
    **{
        (kind, *rest): form
        for kind in ("CreditNotes", "Overpayments", "Prepayments")
        for rest, form in {
            ("Type", "==", "text"): _TYPES,
            ("Contact.ContactID", "==", "guid"): Form(USED),
            ("Date", ">=", "date"): _CUT,
            ("Date", "<", "date"): _CUT,
            ("Date", "==", "null"): _UNDATED,
            ("UpdatedDateUTC", ">=", "instant"): _SINCE,
            ("UpdatedDateUTC", "<", "instant"): _SINCE,
        }.items()
    },
}
# Values that the specification does not allow where they are asked for.
VALUES: dict[tuple[str, str, str], Form] = {
    # It enumerates APOVERPAYMENT among the types of invoices only.
    ("Overpayments", "Type", "APOVERPAYMENT"): Form(
        survived_by=(
            "tests/xero_sync/maintenance/test_every_type.py::"
            "test_xero_that_knows_one_spelling_only_is_read_by_that",
        )
    ),
}
LITERALS = {
    "text": re.compile(r'"(?:[^"\\]|"")*"'),
    "guid": re.compile(r'Guid\("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"\)'),
    "date": re.compile(r"DateTime\(\d{4},(0[1-9]|1[0-2]),(0[1-9]|[12]\d|3[01])\)"),
    "instant": re.compile(r"DateTime\(\d{4},\d\d,\d\d(,\d\d){3}\)"),
    "null": re.compile("null"),
}
# Between conditions: in capitals with spaces around, as every example of Xero's has it.
JOINED = re.compile(r"\(?| (AND|OR) \(?|\)( (AND|OR) \(?)?")

# How parameters are written and how far they go: Xero's pages on paging and on each list.
QUERY = {
    "page": re.compile(r"[1-9]\d{0,6}"),
    "pageSize": re.compile(r"[1-9]\d{0,2}|1000"),
    "unitdp": re.compile("4"),
    "where": re.compile(".+", re.DOTALL),
    "order": re.compile(r"\w+ (ASC|DESC)"),
    # Some 52 were seen to fit an address (XeroAPI/Xero-Java, issue 331).
    "IDs": re.compile(r"[0-9a-f-]{36}(,[0-9a-f-]{36}){0,51}"),
    # Xero's own client writes capitals; true and false were seen as well.
    "includeArchived": re.compile("(?i:true|false)"),
    "summaryOnly": re.compile("(?i:true|false)"),
    "summarizeErrors": re.compile("(?i:true|false)"),
    "authEventId": re.compile("[0-9a-f-]{36}"),
}
# The characters of a query string that real servers take.
QUERY_CHARACTERS = 2048
# What lists in pages is never asked for without a page: it would come without its lines.
PAGED = frozenset(
    ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Payments", "Contacts")
)

_CALLS = frozenset(("GET", "PUT", "POST", "DELETE"))
_WRITES = frozenset(("PUT", "POST"))
# Headers by name: the methods that carry them, and how they are written.
HEADERS = {
    "authorization": (_CALLS, re.compile("Bearer")),
    "accept": (_CALLS, re.compile(r"application/(json|pdf)")),
    "accept-encoding": (_CALLS, re.compile("gzip(, ?deflate)?|identity")),
    "xero-tenant-id": (_CALLS, re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    # UTC to the second; Xero looks no closer.
    "if-modified-since": (
        frozenset(("GET",)),
        re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\+00:00)?"),
    ),
    "content-type": (_CALLS, re.compile("application/json")),
    "idempotency-key": (_WRITES, re.compile(r"[\x21-\x7e]{1,128}")),
    "user-agent": (_CALLS, re.compile(".+")),
    "host": (_CALLS, re.compile(".+")),
    "content-length": (_CALLS, re.compile(r"\d+")),
    "connection": (_CALLS, re.compile("keep-alive")),
}
# What every accounting call carries; without Accept the answer is XML.
NEEDED = frozenset(("authorization", "accept", "xero-tenant-id"))
# Xero's limits page: about 50 elements and 3.5 MB a request.
ELEMENTS = 50
BODY_BYTES = 3_500_000

# The identity service, by address: what a form or a query holds, and how.
_URI = re.compile(r"https://\S+|http://localhost\S*")
TOKEN_FORMS = {
    "authorization_code": {
        "grant_type": re.compile("authorization_code"),
        "code": re.compile(r"[\x21-\x7e]+"),
        "redirect_uri": _URI,
        # RFC 7636.
        "code_verifier": re.compile(r"[A-Za-z0-9._~-]{43,128}"),
    },
    "refresh_token": {
        "grant_type": re.compile("refresh_token"),
        "refresh_token": re.compile(r"[\x21-\x7e]+"),
    },
}
# Sent by OAuth clients though Xero needs it in none of them.
TOKEN_EXTRAS = frozenset(("client_id",))
REVOCATION_FORM = {
    "token": re.compile(r"[\x21-\x7e]+"),
    "token_type_hint": re.compile("refresh_token"),
}
AUTHORIZE = {
    "response_type": re.compile("code"),
    "client_id": re.compile(r"\S+"),
    "redirect_uri": _URI,
    "scope": re.compile(
        r"(openid|profile|email|offline_access|accounting\.(invoices|payments|contacts|settings)"
        r"(\.read)?)( (openid|profile|email|offline_access"
        r"|accounting\.(invoices|payments|contacts|settings)(\.read)?))*"
    ),
    "state": re.compile(r"\S+"),
    "code_challenge": re.compile("[A-Za-z0-9_-]{43}"),
    "code_challenge_method": re.compile("S256"),
    # OpenID Connect Core, 3.1.2.1; what no provider knows it looks over (RFC 6749, 3.1).
    "nonce": re.compile(r"\S+"),
    # Added by tests, for a person who may choose several organisations.
    "acr_values": re.compile("bulk_connect:(true|false)"),
}
AUTHORIZE_NEEDED = AUTHORIZE.keys() - {"acr_values", "nonce"}
