"""The person at the pages sends what the page offers, and notices what it does not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
import requests

from lrm.demo import books, pages, person

PAGE = """
<h1>Hello</h1><script>var hidden = "words";</script>
<table><tr><th>INV-1</th><td>Paid</td></tr><tr><th>INV-2</th><td>Due</td></tr></table> after
<form method="post" action="save/?next=1">
  <input type="hidden" name="token" value="t1"><input name="name" value="Ann">
  <input type="checkbox" name="sync"><input type="checkbox" name="agreed" value="yes" checked>
  <input type="radio" name="org" value="a" checked><input type="radio" name="org" value="b">
  <select name="what"><option value="documents">D</option>
    <option value="learners" selected>L</option></select>
  <button type="button" name="not" value="sent">Help</button>
  <button name="decision" value="allow">Allow access</button><button>Just go</button>
</form>
<a href="/learners/7/">Ann</a>
"""


def make_page(html: str = PAGE, *, at: str = "http://localhost:8000/there/") -> pages.Page:
    response = requests.Response()
    response.url = at
    response.status_code = 200
    response._content = html.encode()
    return pages.Page(response)


def test_form_is_sent_as_a_browser_would_when_nothing_is_changed() -> None:
    form = make_page().form("/there/save/")

    assert form.action == "http://localhost:8000/there/save/?next=1"
    assert form.method == "post"
    assert form.fields == [
        ("token", "t1"),
        ("name", "Ann"),
        ("agreed", "yes"),
        ("org", "a"),
        ("what", "learners"),
    ]
    assert {"sync", "org"} <= form.names


def test_words_and_rows_are_what_a_reader_sees() -> None:
    page = make_page()

    assert page.row_of("INV-1") == "INV-1 Paid"
    assert page.row_of("INV") == ""
    assert "hidden" not in page.text
    assert page.links == ["http://localhost:8000/learners/7/"]


def test_missing_form_says_which_there_are_instead() -> None:
    with pytest.raises(pages.PageSurprise, match=r"no form to /xero/, but: /there/save/"):
        make_page().form("/xero/")


def test_unknown_field_is_refused_before_anything_is_sent() -> None:
    form = make_page().form("/save/")

    with pytest.raises(pages.PageSurprise, match="no field colour"):
        person.Person("http://localhost:9").submit(form, {"colour": "red"})


def test_unknown_button_is_refused_before_anything_is_sent() -> None:
    form = make_page().form("/save/")

    with pytest.raises(pages.PageSurprise, match="no button Delete"):
        person.Person("http://localhost:9").submit(form, button="Delete")


TWO_BUTTONS = """<form method="post" action="/start/"><input name="day" value="today">
<button>Start</button><button name="preview" value="1">Preview</button></form>"""


class Listener(BaseHTTPRequestHandler):
    """A page that says which fields it was sent."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(" ".join(sorted(parse_qs(sent))).encode())

    def log_message(self, *_args: object) -> None:
        """Be silent."""


@pytest.fixture
def listener() -> Iterator[str]:
    """Serve a page that says which fields it was sent."""
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("button", "sent"),
    [(None, "day"), ("Start", "day"), ("Preview", "day preview"), ("1", "day preview")],
)
def test_only_the_button_that_is_pressed_is_sent(
    listener: str, button: str | None, sent: str
) -> None:
    form = make_page(TWO_BUTTONS, at=listener).form("/start/")

    assert person.Person(listener).submit(form, button=button).text == sent


def make_document(**changes: str) -> dict[str, str]:
    return {
        "xero_id": "id-1",
        "kind": "Invoices",
        "type": "ACCREC",
        "number": "INV-1",
        "status": "PAID",
        "date": "2026-01-31",
        "due_date": "2026-02-28",
        "currency": "AUD",
        "total": "10.00",
        "amount_due": "0.00",
        "remaining_credit": "0.00",
        **changes,
    }


def expect(*documents: dict[str, str]) -> dict[str, books.Row]:
    return books.sales_documents(documents, since="2026-01-01", until="2026-12-31")


def test_only_sales_documents_of_the_range_are_expected() -> None:
    expected = expect(
        make_document(),
        make_document(xero_id="bill", type="ACCPAY"),
        make_document(xero_id="old", date="2025-12-31"),
        make_document(
            xero_id="credit", kind="CreditNotes", type="ACCRECCREDIT", remaining_credit="4.00"
        ),
    )

    assert set(expected) == {"id-1", "credit"}
    assert expected["credit"]["amount_due"] == "4.00"
    assert expected["credit"]["kind"] == "CREDIT_NOTE"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total", "10.01"),
        ("date", "2026-02-01"),
        ("due_date", ""),
        ("status", "AUTHORISED"),
        ("currency", "NZD"),
        ("amount_due", "0.01"),
        ("number", "INV-2"),
        ("kind", "CREDIT_NOTE"),
    ],
)
def test_difference_is_told_when_one_field_differs(field: str, value: str) -> None:
    expected = expect(make_document())
    reported = {**expected["id-1"], field: value}

    told = books.differences(expected, [reported])

    assert len(told) == 1
    assert f"{field} is {value!r}" in told[0]


def test_missing_and_extra_and_doubled_documents_are_told() -> None:
    expected = expect(make_document(), make_document(xero_id="id-2", number="INV-2"))
    extra = {**expected["id-1"], "xero_id": "id-3", "number": "INV-3"}

    told = books.differences(expected, [expected["id-1"], expected["id-1"], extra])

    assert told == ["INVOICE INV-2 is missing", "INVOICE INV-3 is too much", "1 rows come twice"]


def test_nothing_is_told_when_all_is_equal() -> None:
    expected = expect(make_document(), make_document(xero_id="id-2", due_date=""))

    assert books.differences(expected, list(expected.values())) == []
