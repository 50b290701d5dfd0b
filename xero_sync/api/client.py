"""Xero's accounting calls, through the official SDK: the only module that knows `xero_python`.

One object makes calls for one organisation with one access token; it is cheap, so a new one is
made for each call. What the SDK would do by itself is switched off, because it is wrong here:

- It would retry 429 and 503 silently, sleeping for `Retry-After` (hours, at the daily limit), and
  send a lost write again. Retries are the caller's.
- It would wait for ever. Every call has a connect and a read timeout.
- Its `Configuration` is one object in disguise that shares a token between clients. Each client
  gets a copy whose token is a plain header, so no thread can call with another's token and nothing
  is ever refreshed here.
- Its models reject a whole page for one unknown enum value. The bytes are parsed by `json_codec`.
- The text of its exceptions holds headers and bodies, so none of them leaves this module.

The HTTP connections are pooled per process, whatever the organisation, and left behind at a fork.
"""

import datetime
import functools
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import urllib3
from django.conf import settings
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.exceptions import ApiSSLException, HTTPStatusException
from xero_python.rest import RESTClientObject

from lrm import page_calls
from xero_sync import resources
from xero_sync.api import bearer, errors, failures, limits, responses
from xero_sync.resources import Resource

PAGE_SIZE = resources.PAGE_SIZE
_MAX_IDEMPOTENCY_KEY = 128
# Where a word begins inside a name such as "CreditNotes".
_CAPITALS = re.compile(r"(?<!^)(?=[A-Z])")
_CONNECTIONS = 32

# What is asked for stands in the address. Xero takes about 2,048 characters of it: some 52 ids have
# been seen to fit (XeroAPI/Xero-Java, issue 331). This leaves room for the rest.
_IDS_PER_CALL = 40
# Where a condition must be written for each id, it takes about 75 characters.
_CONDITIONS_PER_CALL = 20
ADDRESS_CHARACTERS = 1600
# Else Xero rounds the unit amount of a line to two decimals.
_FOUR_DECIMALS: dict[str, Any] = {"unitdp": 4}


def most_ids(resource: Resource) -> int:
    """Return how many elements of a resource can be asked for by id in one call."""
    return _IDS_PER_CALL if resources.of(resource).lists_by_ids else _CONDITIONS_PER_CALL


def batches(resource: Resource, ids: Sequence[UUID]) -> list[list[UUID]]:
    """Cut ids into lists that fit one call, each id once, order kept."""
    size = most_ids(resource)
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + size] for start in range(0, len(unique), size)]


def number_batches(numbers: Sequence[str]) -> list[list[str]]:
    """Cut contact numbers into lists that fit one call, each number once, order kept."""
    found: list[list[str]] = []
    room = 0
    for number in dict.fromkeys(numbers):
        length = len(quote_plus(f" OR {number_condition(number)}"))
        if length > room:
            found.append([])
            room = ADDRESS_CHARACTERS
        found[-1].append(number)
        room -= length
    return found


def number_condition(number: str) -> str:
    """Return the condition for one contact number in Xero's filter language."""
    # It doubles a quote inside a string and knows no backslash.
    escaped = number.replace('"', '""')
    return f'ContactNumber=="{escaped}"'


def can_be_addressed(number: str) -> bool:
    """Return whether a contact number can stand in an address, encoded as the SDK does it.

    Of what encoding leaves as it is, dots alone mean something else there.
    """
    return number.strip() not in ("", ".", "..")


class XeroClient:
    """Calls to one organisation with one access token. Every method makes exactly one call.

    All of them raise the errors of `xero_sync.api.errors` and nothing else.
    """

    def __init__(self, *, tenant_id: UUID, access_token: str) -> None:
        self._tenant_id = str(tenant_id)
        configuration = Configuration()
        configuration.oauth2_token = bearer.Bearer(access_token)
        api_client = ApiClient(configuration)
        api_client.rest_client = _pooled(os.getpid())
        api_client.set_default_header("Accept-Encoding", "gzip")
        self._api = AccountingApi(api_client, base_url=f"{settings.XERO_API_URL}/api.xro/2.0")

    def list_page(
        self,
        resource: Resource,
        *,
        page: int,
        page_size: int = PAGE_SIZE,
        where: str | None = None,
        order: str | None = None,
        if_modified_since: datetime.datetime | None = None,
        include_archived: bool = False,
    ) -> responses.Page:
        """Return one page of a resource, with line items, at most 1,000 elements.

        :param where: a filter in Xero's own language, not yet encoded.
        :param if_modified_since: aware; Xero looks at whole seconds.
        :param include_archived: also archived contacts; Xero knows it for contacts and invoices
            only, and it is left out for the other kinds.
        """
        row = resources.of(resource)
        options: dict[str, Any] = {"page": page, "page_size": page_size}
        if row.lists_unitdp:
            options |= _FOUR_DECIMALS
        if where is not None:
            options["where"] = where
        if order is not None:
            options["order"] = order
        if if_modified_since is not None:
            options["if_modified_since"] = if_modified_since.astimezone(datetime.UTC).replace(
                microsecond=0
            )
        if include_archived and row.lists_archived:
            options["include_archived"] = True
        return self._call(row.list_method, row.collection, **options)

    def by_ids(self, resource: Resource, ids: Sequence[UUID]) -> responses.Page:
        """Return the named elements in one call, archived contacts too; unknown ids are absent.

        Contacts and invoices are asked for with `IDs`. The other kinds have no such parameter:
        there it is a `where` of one condition an id, which Xero may reject in a very large
        organisation (`errors.Rejected`); `get_one` is then left.

        :raises ValueError: no ids, or more than `batches` puts together.
        """
        row = resources.of(resource)
        # Without any, Xero would answer with everything it has.
        if not 0 < len(ids) <= most_ids(resource):
            raise ValueError(f"{len(ids)} ids of {row.collection} do not fit one call.")
        # Without a page number Xero leaves out the line items.
        options: dict[str, Any] = {"page": 1, "page_size": 100}
        if row.lists_unitdp:
            options |= _FOUR_DECIMALS
        if row.lists_by_ids:
            options |= {"i_ds": [str(one) for one in ids], "include_archived": True}
        else:
            options["where"] = " OR ".join(f'{row.id_member}==Guid("{one}")' for one in ids)
        return self._call(row.list_method, row.collection, **options)

    def get_one(self, resource: Resource, xero_id: UUID) -> responses.Page:
        """Return one element by its id.

        :raises errors.NotFound: there is none, or it is another organisation's.
        """
        row = resources.of(resource)
        options = _FOUR_DECIMALS if row.gets_unitdp else {}
        return self._call(row.get_method, row.collection, str(xero_id), **options)

    def organisation(self) -> responses.Page:
        """Return the organisation's own details. Xero does not count its bytes as egress."""
        return self._call("get_organisations", "Organisations")

    def online_invoice(self, invoice_id: UUID) -> responses.Page:
        """Return the element with the `OnlineInvoiceUrl` of an invoice that has one."""
        return self._call("get_online_invoice", "OnlineInvoices", str(invoice_id))

    def pdf(self, resource: Resource, xero_id: UUID) -> responses.Page:
        """Return Xero's own PDF of an invoice or credit note, as the page's `content`."""
        # At the document's own address; the one that ends with "pdf" does not exist.
        self._api.api_client.set_default_header("Accept", "application/pdf")
        row = resources.of(resource)
        return self._call(row.get_method, row.collection, str(xero_id), read=responses.pdf_of)

    def contacts_by_number(self, numbers: Sequence[str]) -> responses.Page:
        """Return contacts whose ContactNumber is one of `numbers`, archived ones too.

        :raises ValueError: no numbers, or more than `number_batches` puts together.
        """
        if len(number_batches(numbers)) != 1:
            raise ValueError(f"{len(numbers)} contact numbers do not fit one call.")
        where = " OR ".join(map(number_condition, numbers))
        return self.list_page(Resource.CONTACT, page=1, where=where, include_archived=True)

    def contact_by_number(self, number: str) -> responses.Page:
        """Return the contact with a ContactNumber, an archived one too; one of them if several.

        :raises errors.NotFound: none has it.
        :raises ValueError: it can stand in no address.
        """
        if not can_be_addressed(number):
            raise ValueError("Such a contact number names a folder in an address.")
        return self._call("get_contact_by_contact_number", "Contacts", number)

    def create_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str
    ) -> responses.Page:
        """Create contacts, given as Xero's own JSON objects; about 50 at most.

        Unlike `upsert_contacts` it never touches an existing contact: one whose name or number is
        taken is refused. Each element of the page carries its own `ValidationErrors` (see
        `failures.refusal_of`): a bad one does not sink the others.

        :raises errors.Ambiguous: sent, but its fate is unknown; look before sending again.
        """
        return self._write("create_contacts", contacts, idempotency_key)

    def upsert_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str
    ) -> responses.Page:
        """Update contacts, or create those that Xero knows neither by id, number nor name.

        Beware: without a ContactID, one whose name happens to be the same is overwritten.
        Otherwise as `create_contacts`.
        """
        return self._write("update_or_create_contacts", contacts, idempotency_key)

    def _write(
        self, method: str, contacts: Sequence[Mapping[str, Any]], key: str
    ) -> responses.Page:
        if not 0 < len(key) <= _MAX_IDEMPOTENCY_KEY:
            raise ValueError("An idempotency key has 1 to 128 characters.")
        return self._call(
            method,
            "Contacts",
            {"Contacts": [dict(one) for one in contacts]},
            summarize_errors=False,
            idempotency_key=key,
            wrote=True,
        )

    def _call(
        self,
        method: str,
        collection: str,
        *args: Any,
        wrote: bool = False,
        read: Callable[[responses.Reply], responses.Page] | None = None,
        **options: Any,
    ) -> responses.Page:
        call = functools.partial(
            getattr(self._api, method),
            self._tenant_id,
            *args,
            **options,
            _preload_content=False,
            _request_timeout=(
                page_calls.within(limits.CONNECT_SECONDS),
                page_calls.within(limits.read_seconds()),
            ),
        )
        try:
            reply = _send(call, wrote=wrote)
            read = read or functools.partial(responses.page_of, collection=collection, wrote=wrote)
            return read(reply)
        except errors.XeroError as error:
            error.asked_for = _CAPITALS.sub(" ", collection).lower()
            raise


@functools.lru_cache(maxsize=1)
def _pooled(process_id: int) -> RESTClientObject:
    """Return this process's connections; after a fork the child has another id, so its own."""
    rest = RESTClientObject(Configuration(), maxsize=_CONNECTIONS)
    rest.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(
        total=False, redirect=False, raise_on_redirect=False
    )
    return rest


def _send(call: Callable[[], urllib3.HTTPResponse], *, wrote: bool) -> responses.Reply:
    """Make the call and read its body.

    :raises errors.XeroError: no reply, half of one, or a status outside 2xx.
    """
    sent_at = datetime.datetime.now(datetime.UTC)
    begun = time.monotonic()
    deadline = begun + page_calls.within(limits.call_seconds() - limits.read_seconds())
    try:
        response = call()
        body = responses.body_of(response, deadline)
        return responses.Reply(
            response.status,
            response.headers,
            body,
            response.tell(),
            sent_at,
            time.monotonic() - begun,
        )
    except HTTPStatusException as error:
        refused = error.http_resp.urllib3_response
        failure = failures.classify(refused.status, refused.headers, refused.data, wrote=wrote)
    except ApiSSLException:
        failure = failures.of_transport(urllib3.exceptions.SSLError(), wrote=wrote)
    except urllib3.exceptions.HTTPError as error:
        failure = failures.of_transport(error, wrote=wrote)
    # Outside the handlers: the SDK's exception, with headers and body in its text, must not ride
    # along as the context of ours.
    raise failures.counted(failure)
