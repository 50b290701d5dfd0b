"""What could not be stored is shown to portal admins: which, why, and what becomes of it."""

from tests.support import builders
from tests.support.bad_documents import invoice, serve
from tests.support.linked import Linked

PAGE = "/settings/connected-apps/"


def test_set_aside_documents_are_named_with_the_reason(linked: Linked) -> None:
    serve(linked, invoice(1), invoice(2, Total="a lot"))
    linked.sweep()

    page = builders.client_of(linked.manager).get(PAGE).content.decode()

    assert "INV-2" in page
    assert "&#x27;a lot&#x27; is not an amount" in page
    assert "INV-1<" not in page


def test_nothing_is_said_to_be_set_aside_where_nothing_is(linked: Linked) -> None:
    linked.sweep()

    page = builders.client_of(linked.manager).get(PAGE).content.decode()

    assert "could not be saved" not in page


def test_another_portal_sees_nothing_of_it(linked: Linked) -> None:
    serve(linked, invoice(2, Total="a lot"))
    linked.sweep()
    stranger = builders.make_user(builders.make_portal("Elsewhere"), portal_admin=True)

    page = builders.client_of(stranger).get(PAGE).content.decode()

    assert "INV-2" not in page
