"""A document as a PDF of one page: what `Accept: application/pdf` gives.

Written by hand, because a page of plain lines needs no library: a catalogue, a page, a font of
every reader's own, and the table that says where each object begins.
"""

from xero_simulator.ledger import records

_LINES_A_PAGE = 48
_TITLES = {records.INVOICES: "Tax invoice", records.CREDIT_NOTES: "Credit note"}


def pdf_of(document: records.Document, contact: records.Contact, organisation: str) -> bytes:
    """Return the PDF of an invoice or credit note; what does not fit its page is left out."""
    lines = [
        organisation,
        "",
        f"{_TITLES[document.kind]} {document.number}",
        f"To {contact.name}",
        f"Date {document.date.isoformat()}",
        "",
        *(f"{line.description}  {records.from_cents(line.line_amount)}" for line in document.lines),
        "",
        f"Total {document.currency} {records.from_cents(document.total)}",
        f"Amount due {document.currency} {records.from_cents(document.outstanding)}",
        document.status,
    ]
    return _file(_page(lines[:_LINES_A_PAGE]))


def _page(lines: list[str]) -> bytes:
    shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    return b"BT /F1 11 Tf 15 TL 56 780 Td\n" + shown + b"ET"


def _escaped(text: str) -> bytes:
    """Return text in the fonts' own encoding; what that lacks becomes a question mark."""
    written = text.encode("cp1252", errors="replace")
    for sign in (b"\\", b"(", b")"):
        written = written.replace(sign, b"\\" + sign)
    return written


def _file(page: bytes) -> bytes:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    written = b"%PDF-1.4\n"
    starts = []
    for number, content in enumerate(objects, start=1):
        starts.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(written))
    )
