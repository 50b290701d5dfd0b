"""The one way to call Xero: token, slot, call, books, and what a refusal means.

A session belongs to one connection, its generation and a lane. It keeps its access token until
that nears its end, and before each call it makes sure that the connection has not moved on: work
for a connection that has drops itself. The token comes before the slot: a refresh may take seconds,
and a slot is leave to call at once.

A call in another thread is made by `ready()`, which does all this in the thread that asks for it.
Such a call needs the database only where Xero refuses the token.

A 401 is answered by one refresh and one more call, which is safe for writes too, as the gateway
let nothing through. What still is refused after that is explained by asking Xero's `/connections`.

There are no other retries: they belong to tasks. Besides `errors.XeroError`, a session raises what
`connected_apps` says of a connection that cannot be used (`StaleGeneration`, `NotConnected`,
`ConnectionBroken`, `IdentityMisconfigured`). Must not be used inside a transaction.
"""

import copy
import dataclasses
import datetime
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import redis
from django.utils import timezone

from connected_apps import errors as connection_errors
from connected_apps.lifecycle import refusals
from connected_apps.models import Connection
from connected_apps.oauth import tokens
from connected_apps.states import states
from xero_sync import resources
from xero_sync.api import client, errors, rate_limiter, responses
from xero_sync.api.rate_limiter import Lane
from xero_sync.resources import Resource

logger = logging.getLogger(__name__)

Operation = Callable[[client.XeroClient], responses.Page]
Element = dict[str, Any]


@dataclasses.dataclass
class _Kept:
    """Where a session and its copies keep their access token."""

    token: tokens.AccessToken | None = dataclasses.field(default=None, repr=False)


class Session:
    """Calls for one connection in one lane. Safe in threads."""

    def __init__(
        self,
        *,
        connection_id: int,
        generation: int,
        lane: Lane,
        clock: Callable[[], datetime.datetime] = timezone.now,
    ) -> None:
        self._connection_id = connection_id
        self._generation = generation
        self._lane = lane
        self._clock = clock
        self._limiter = rate_limiter.shared()
        # Composed once, asked before each call.
        self._usable = Connection.objects.filter(
            pk=connection_id, generation=generation, state__in=states.LIVE
        )
        # One for all copies: what a call in one thread renews serves the others.
        self._kept = _Kept()
        self._is_ready = False
        # How many were sent, whatever became of them. Those of other threads are not counted.
        self.calls_made = 0

    def list_page(
        self,
        resource: Resource,
        *,
        page: int,
        page_size: int = client.PAGE_SIZE,
        where: str | None = None,
        order: str | None = None,
        if_modified_since: datetime.datetime | None = None,
        include_archived: bool = False,
    ) -> responses.Page:
        """Return one page of a resource; see `XeroClient.list_page`."""
        return self.call(
            lambda xero: xero.list_page(
                resource,
                page=page,
                page_size=page_size,
                where=where,
                order=order,
                if_modified_since=if_modified_since,
                include_archived=include_archived,
            )
        )

    def by_ids(self, resource: Resource, ids: Sequence[UUID]) -> responses.Page:
        """Return the elements that Xero has under these ids; unknown ones are simply absent.

        Where Xero will not take the condition that credit notes, overpayments and prepayments
        need (it guards very large organisations), it costs one call an id.

        :raises ValueError: more ids than `client.batches` puts together.
        """
        try:
            return self.call(lambda xero: xero.by_ids(resource, ids))
        except errors.Rejected as error:
            if resources.of(resource).lists_by_ids:
                raise
            logger.info("Xero took no list of ids (correlation %s)", error.correlation_id)
        return self._one_by_one(resource, ids)

    def get_one(self, resource: Resource, xero_id: UUID) -> responses.Page:
        """Return a page of one element.

        :raises errors.NotFound: there is none under this id.
        """
        return self.call(lambda xero: xero.get_one(resource, xero_id))

    def organisation(self) -> Element:
        """Return the organisation's own details."""
        page = self.call(client.XeroClient.organisation)
        if not page.elements:
            raise errors.Unavailable("Xero's reply names no organisation.")
        return page.elements[0]

    def online_invoice_url(self, invoice_id: UUID) -> str | None:
        """Return the address of an invoice's online page; None where it has none.

        The address is as Xero gave it: its host must be checked before anybody is sent there.
        """
        page = self.call(lambda xero: xero.online_invoice(invoice_id))
        urls = (one.get("OnlineInvoiceUrl") for one in page.elements)
        return next((url for url in urls if isinstance(url, str) and url), None)

    def pdf(self, resource: Resource, xero_id: UUID) -> bytes:
        """Return Xero's own PDF of an invoice or credit note; nothing keeps it."""
        return self.call(lambda xero: xero.pdf(resource, xero_id)).content

    def contacts_by_number(self, numbers: Sequence[str]) -> responses.Page:
        """Return the contacts, archived ones too, whose ContactNumber is one of these.

        Xero lets two contacts share a number, so there may be more than were asked for.

        :raises ValueError: more numbers than `client.number_batches` puts together.
        """
        return self.call(lambda xero: xero.contacts_by_number(numbers))

    def contact_by_number(self, number: str) -> responses.Page:
        """Return the contact with a ContactNumber; see `XeroClient.contact_by_number`.

        :raises errors.NotFound: none has it.
        """
        return self.call(lambda xero: xero.contact_by_number(number))

    def create_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str
    ) -> responses.Page:
        """Create contacts and never touch existing ones; see `XeroClient.create_contacts`."""
        return self.call(
            lambda xero: xero.create_contacts(contacts, idempotency_key=idempotency_key)
        )

    def upsert_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str
    ) -> responses.Page:
        """Create or update contacts; see `XeroClient.upsert_contacts`."""
        return self.call(
            lambda xero: xero.upsert_contacts(contacts, idempotency_key=idempotency_key)
        )

    def ready(self) -> "Session":
        """Return this session for one call in another thread, made ready to be made at once.

        :raises connection_errors.ConnectedAppsError: no call may be made any more.
        """
        self._token()
        ready = copy.copy(self)
        ready._is_ready = True
        return ready

    def check_generation(self) -> None:
        """Make sure that what this session fetched may still be stored. Fine in a transaction.

        :raises connection_errors.StaleGeneration: the connection has moved on; drop the work.
        """
        mine = Connection.objects.filter(pk=self._connection_id, generation=self._generation)
        if not mine.exists():
            raise _stale(self._connection_id)

    def call(self, operation: Operation) -> responses.Page:
        """Make one call, or two where the token had to be renewed.

        :raises errors.XeroError: as classified; a refusal carries its `refusal`, explained.
        """
        try:
            return self._with_fresh_token(operation)
        except (errors.Unauthorised, errors.Refused) as error:
            error.refusal = refusals.explain_refusal(
                connection_id=self._connection_id,
                generation=self._generation,
                status=error.status or 0,
                detail=error.detail,
                now=self._clock(),
            )
            raise

    def _one_by_one(self, resource: Resource, ids: Sequence[UUID]) -> responses.Page:
        """Put single calls together as one page, which is as old as the first of them."""
        pages: list[responses.Page] = []
        missing: errors.NotFound | None = None
        for xero_id in ids:
            try:
                pages.append(self.get_one(resource, xero_id))
            except errors.NotFound as error:
                missing = error
        if missing is not None and not pages:
            raise missing
        elements = [element for page in pages for element in page.elements]
        return dataclasses.replace(pages[0], elements=elements, item_count=len(elements))

    def _with_fresh_token(self, operation: Operation) -> responses.Page:
        token = self._token()
        try:
            return self._once(token, operation)
        except errors.Unauthorised:
            logger.info(
                "Renewing the token that Xero refused to connection %s", self._connection_id
            )
        return self._once(self._read_token(rejected=token.value), operation)

    def _token(self) -> tokens.AccessToken:
        """Return the token that is kept where it may still be used, else the stored one."""
        token = self._kept.token
        if token is None or token.nears_its_end(now=self._clock()):
            return self._read_token()
        # Where the connection has moved on, reading its token tells how.
        return token if self._is_ready or self._usable.exists() else self._read_token()

    def _read_token(self, *, rejected: str | None = None) -> tokens.AccessToken:
        """Read the stored token, which renews it where it nears its end or was refused.

        :param rejected: the value of a token that Xero has just refused.
        """
        self._kept.token = None
        try:
            token = tokens.access_token_for(
                connection_id=self._connection_id, now=self._clock(), rejected=rejected
            )
        except connection_errors.IdentityUnavailable as error:
            raise errors.Unavailable("Xero's identity service does not answer.") from error
        if token.generation != self._generation:
            raise _stale(self._connection_id)
        self._kept.token = token
        return token

    def _once(self, token: tokens.AccessToken, operation: Operation) -> responses.Page:
        try:
            slot = self._limiter.acquire_soon(tenant_id=token.tenant_id, lane=self._lane)
        except redis.RedisError as error:
            raise errors.BooksUnreadable("The limiter's books cannot be read.") from error
        self.calls_made += 1
        headers: Mapping[str, str] = {}
        answered, limited = False, None
        try:
            page = operation(client.XeroClient(tenant_id=token.tenant_id, access_token=token.value))
            headers, answered = page.headers, True
        except errors.XeroError as error:
            headers, answered = error.headers, error.status is not None
            limited = error if isinstance(error, errors.RateLimited) else None
            raise
        finally:
            self._release(slot, headers, answered=answered, limited=limited)
        return page

    def _release(
        self,
        slot: rate_limiter.Slot,
        headers: Mapping[str, str],
        *,
        answered: bool,
        limited: errors.RateLimited | None,
    ) -> None:
        try:
            seconds = self._limiter.release(
                slot, headers=headers, answered=answered, limited=limited
            )
        except redis.RedisError:
            # The call itself went well or ill by now, and that must not be lost; the slot lapses.
            logger.warning("A call's slot could not be given back and will lapse by itself.")
            return
        if limited is not None:
            limited.retry_after = seconds


def _stale(connection_id: int) -> connection_errors.StaleGeneration:
    return connection_errors.StaleGeneration(f"Connection {connection_id} has moved on.")


def of(connection: Connection, *, lane: Lane) -> Session:
    """Return a session for a connection as it is now; it ends when the connection moves on."""
    return Session(connection_id=connection.pk, generation=connection.generation, lane=lane)
