"""The pages for people: changing the books by hand, and the public page of an invoice.

Plain forms and redirects, no script. What Xero would refuse comes back as a sentence on the page.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from xero_simulator import commands, html_pages, online_invoice, simulations
from xero_simulator.ledger import records
from xero_simulator.ledger.ledgers import Books
from xero_simulator.ledger.organisation import Organisation
from xero_simulator.ledger.records import Document
from xero_simulator.simulations import Simulation
from xero_simulator.webhooks import webhook_service

ROWS = 25
MOST_CONTACTS = 300
DELIVERIES = 10
_PAST_TENSE = {
    "pay": "paid",
    "void": "voided",
    "approve": "approved",
    "credit": "credited",
}


def add_routes(app: web.Application) -> None:
    """Serve the pages."""
    for path in ("/", "/simulator", "/simulator/"):
        app.router.add_get(path, show_hand_page)
    app.router.add_post("/simulator/hand/act", change_by_hand)
    app.router.add_post("/simulator/hand/raise", raise_by_hand)
    app.router.add_get("/online/{token}", show_online_invoice)
    app.router.add_post("/online/{token}/pay", pay_online)


async def show_hand_page(request: web.Request) -> web.Response:
    """Show an organisation's newest invoices, with a button for each thing that may be done."""
    simulation = simulations.of(request)
    try:
        organisation = commands.organisation_of(simulation, request.query.get("tenant"))
    except commands.BadValues as bad:
        return _missing(str(bad))
    books, wanted = organisation.books, request.query.get("q", "").strip()
    contacts = [
        each
        for each in reversed(books.contacts.ordered)
        if each.status == "ACTIVE" and not each.is_supplier
    ]
    sender = request.app[webhook_service.SENDER_KEY]
    return html_pages.page(
        "hand.html",
        organisations=simulation.organisations.values(),
        organisation=organisation,
        wanted=wanted,
        rows=[_row(organisation, each) for each in islice(_found(books, wanted), ROWS)],
        contacts=sorted(contacts[:MOST_CONTACTS], key=lambda contact: contact.name.casefold()),
        subscription=sender.state(),
        deliveries=sender.state()["recent"][:DELIVERIES],
        notice=request.query.get("notice", ""),
        problem=request.query.get("problem", ""),
    )


async def change_by_hand(request: web.Request) -> web.Response:
    """Do what a button says and go back to the list."""
    simulation = simulations.of(request)
    form = dict(await request.post())
    operation = str(form.get("act"))
    try:
        organisation = commands.organisation_of(simulation, str(form.get("tenant", "")))
        if operation not in _PAST_TENSE:
            raise commands.BadValues(f"There is no button {operation}.")  # noqa: TRY301
        document = organisation.books.document(commands.need(form, "id"))
        commands.change_document(simulation, organisation, operation, form)
    except (commands.BadValues, records.NotAllowed) as refused:
        return _back(form, problem=str(refused))
    return _back(form, notice=f"{document.number} was {_PAST_TENSE[operation]}.")


async def raise_by_hand(request: web.Request) -> web.Response:
    """Raise an invoice and go back to the list."""
    simulation = simulations.of(request)
    form = dict(await request.post())
    try:
        organisation = commands.organisation_of(simulation, str(form.get("tenant", "")))
        made = commands.change_document(simulation, organisation, "raise", form)
    except (commands.BadValues, records.NotAllowed) as refused:
        return _back(form, problem=str(refused))
    number = organisation.books.document(made["id"]).number
    return _back({"tenant": organisation.tenant_id}, notice=f"{number} was raised.")


async def show_online_invoice(request: web.Request) -> web.Response:
    """Show the public page of an invoice."""
    simulation = simulations.of(request)
    found = _online(simulation, request.match_info["token"])
    if found is None:
        return _missing("There is no invoice at this address.")
    organisation, invoice = found
    return html_pages.page(
        "online.html",
        organisation=organisation,
        invoice=_row(organisation, invoice),
        lines=[_line(line) for line in invoice.lines],
        sub_total=records.from_cents(invoice.sub_total),
        total_tax=records.from_cents(invoice.total_tax),
        paid=records.from_cents(invoice.amount_paid),
        credited=records.from_cents(invoice.amount_allocated),
        action=f"/online/{request.match_info['token']}/pay",
    )


async def pay_online(request: web.Request) -> web.Response:
    """Pay all that is due; what is not due any more is left alone."""
    simulation = simulations.of(request)
    token = request.match_info["token"]
    found = _online(simulation, token)
    if found is None:
        return _missing("There is no invoice at this address.")
    organisation, invoice = found
    if invoice.status == "AUTHORISED":
        commands.pay(simulation, organisation, invoice.id, None)
    return html_pages.see_other(f"/online/{token}")


def _found(books: Books, wanted: str) -> Iterator[Document]:
    part = wanted.casefold()
    for invoice in reversed(books.invoices.ordered):
        if invoice.type != "ACCREC":
            continue
        name = books.contact(invoice.contact_id).name
        if not part or any(
            part in text.casefold() for text in (invoice.number, invoice.reference, name)
        ):
            yield invoice


def _online(simulation: Simulation, token: str) -> tuple[Organisation, Document] | None:
    invoice_id = online_invoice.invoice_id_of(token)
    if invoice_id is None:
        return None
    for organisation in simulation.organisations.values():
        invoice = organisation.books.invoices.by_id.get(invoice_id)
        if invoice is not None and invoice.type == "ACCREC" and invoice.status != "DRAFT":
            return organisation, invoice
    return None


def _row(organisation: Organisation, invoice: Document) -> dict[str, Any]:
    is_untouched = not invoice.payments and not invoice.allocations
    is_draft = invoice.status in ("DRAFT", "SUBMITTED")
    return {
        "id": invoice.id,
        "number": invoice.number,
        "reference": invoice.reference,
        "contact": organisation.books.contact(invoice.contact_id).name,
        "date": invoice.date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else "",
        "status": invoice.status,
        "currency": invoice.currency,
        "total": records.from_cents(invoice.total),
        "due": records.from_cents(invoice.outstanding),
        "is_draft": is_draft,
        "is_payable": invoice.status == "AUTHORISED",
        "is_voidable": is_draft or (invoice.status == "AUTHORISED" and is_untouched),
        "online": None if is_draft else online_invoice.online_url("", invoice.id),
    }


def _line(line: records.Line) -> dict[str, str]:
    return {
        "description": line.description,
        "quantity": f"{line.quantity / 10_000:g}",
        "unit_amount": records.from_cents(round(line.unit_amount / 100)),
        "amount": records.from_cents(line.line_amount),
    }


def _back(form: Any, **message: str) -> web.Response:
    place = {name: str(form[name]) for name in ("tenant", "q") if form.get(name)}
    return html_pages.see_other(f"/simulator/?{urlencode(place | message)}")


def _missing(why: str) -> web.Response:
    return html_pages.page("missing.html", status=404, why=why)
