"""The one way to call Xero: token, slot, call, books, and what a refusal means.

A session belongs to one connection, its generation and a lane. Each call asks for the token anew,
so work drops itself as soon as the connection has moved on. The token comes before the slot: a
refresh may take seconds, and a slot is leave to call at once.

A 401 is answered by one refresh and one more call, which is safe for writes too, as the gateway
let nothing through. What still is refused after that is explained by asking Xero's `/connections`.

No retries else: they belong to tasks. Besides `errors.XeroError`, a session raises what
`connected_apps` says of a connection that cannot be used (`StaleGeneration`, `NotConnected`,
`ConnectionBroken`, `IdentityMisconfigured`). Must not be used inside a transaction.
"""

import datetime
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import redis
from django.utils import timezone

from connected_apps import errors as connection_errors
from connected_apps import noticing, tokens
from xero_sync import batching, client, errors, limiter, replies
from xero_sync.limiter import Lane
from xero_sync.models import Resource

logger = logging.getLogger(__name__)

Operation = Callable[[client.XeroClient], replies.Page]
Element = dict[str, Any]


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
        self._limiter = limiter.shared()

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
    ) -> replies.Page:
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

    def by_ids(self, resource: Resource, ids: Sequence[UUID]) -> list[Element]:
        """Return the elements that Xero has under these ids; unknown ones are simply absent.

        One call for each batch of 40 invoices or contacts, or of 20 of the other kinds. Where Xero
        will not take the condition those need (it guards very large organisations), their batch
        costs one call an id.
        """
        found: list[Element] = []
        for batch in batching.batches(resource, ids):
            found += self._batch(resource, batch)
        return found

    def get_one(self, resource: Resource, xero_id: UUID) -> Element:
        """Return one element.

        :raises errors.NotFound: there is none under this id.
        """
        page = self.call(lambda xero: xero.get_one(resource, xero_id))
        if not page.elements:
            raise errors.NotFound(
                "Xero has nothing under that id.", correlation_id=page.correlation_id
            )
        return page.elements[0]

    def organisation(self) -> Element:
        """Return the organisation's own details."""
        page = self.call(lambda xero: xero.organisation())
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

    def contacts_by_number(self, numbers: Sequence[str]) -> list[Element]:
        """Return the contacts, archived ones too, whose ContactNumber is one of these.

        Xero lets two contacts share a number, so there may be more than were asked for.
        """
        found: list[Element] = []
        for batch in batching.number_batches(numbers):
            found += self.call(_numbers_of(batch)).elements
        return found

    def upsert_contacts(
        self, contacts: Sequence[Mapping[str, Any]], *, idempotency_key: str
    ) -> replies.Page:
        """Create or update contacts; see `XeroClient.upsert_contacts`."""
        return self.call(
            lambda xero: xero.upsert_contacts(contacts, idempotency_key=idempotency_key)
        )

    def call(self, operation: Operation) -> replies.Page:
        """Make one call, or two where the token had to be renewed.

        :raises errors.XeroError: as classified; a refusal carries its `refusal`, explained.
        """
        try:
            return self._with_fresh_token(operation)
        except (errors.Unauthorised, errors.Refused) as error:
            error.refusal = noticing.explain_refusal(
                connection_id=self._connection_id,
                generation=self._generation,
                status=error.status or 0,
                detail=error.detail,
                now=self._clock(),
            )
            raise

    def _batch(self, resource: Resource, ids: Sequence[UUID]) -> list[Element]:
        if resource in batching.TAKE_IDS:
            return self.call(lambda xero: xero.by_ids(resource, ids)).elements
        if len(ids) > 1:
            try:
                return self.call(lambda xero: xero.by_ids(resource, ids)).elements
            except errors.Rejected as error:
                logger.info("Xero took no list of ids (correlation %s)", error.correlation_id)
        return [one for xero_id in ids for one in self._one_or_none(resource, xero_id)]

    def _one_or_none(self, resource: Resource, xero_id: UUID) -> list[Element]:
        try:
            return [self.get_one(resource, xero_id)]
        except errors.NotFound:
            return []

    def _with_fresh_token(self, operation: Operation) -> replies.Page:
        token = self._token(rejected=None)
        try:
            return self._once(token, operation)
        except errors.Unauthorised:
            logger.info(
                "Renewing the token that Xero refused to connection %s", self._connection_id
            )
        return self._once(self._token(rejected=token.value), operation)

    def _token(self, *, rejected: str | None) -> tokens.AccessToken:
        try:
            token = tokens.access_token_for(
                connection_id=self._connection_id, now=self._clock(), rejected=rejected
            )
        except connection_errors.IdentityUnavailable as error:
            raise errors.Unavailable("Xero's identity service does not answer.") from error
        if token.generation != self._generation:
            raise connection_errors.StaleGeneration(
                f"Connection {self._connection_id} has moved on."
            )
        return token

    def _once(self, token: tokens.AccessToken, operation: Operation) -> replies.Page:
        slot = self._slot(token.tenant_id)
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
            self._settle(slot, headers, answered=answered, limited=limited)
        return page

    def _slot(self, tenant_id: UUID) -> limiter.Slot:
        try:
            return self._limiter.acquire_soon(tenant_id=tenant_id, lane=self._lane)
        except redis.RedisError as error:
            raise errors.Unavailable("The limiter's books cannot be read.") from error

    def _settle(
        self,
        slot: limiter.Slot,
        headers: Mapping[str, str],
        *,
        answered: bool,
        limited: errors.RateLimited | None,
    ) -> None:
        try:
            seconds = self._limiter.settle(
                slot, headers=headers, answered=answered, limited=limited
            )
        except redis.RedisError:
            # The call itself went well or ill by now, and that must not be lost; the slot lapses.
            logger.warning("A call's slot could not be given back and will lapse by itself.")
            return
        if limited is not None:
            limited.retry_after = seconds


def _numbers_of(numbers: Sequence[str]) -> Operation:
    return lambda xero: xero.contacts_by_number(numbers)
