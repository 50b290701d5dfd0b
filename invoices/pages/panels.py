"""Places on the page of a document that apps above this one fill, without being known here.

An app registers in its `AppConfig.ready`. Registering the same name again replaces the entry.
"""

from collections.abc import Callable

from django.utils.safestring import SafeString

from invoices.models import Document
from lrm import access

Render = Callable[[access.SignedInRequest, Document], SafeString | None]

_cards: dict[str, Render] = {}


def add_document_card(name: str, render: Render) -> None:
    """Put a card below everything else of a document; None means nothing to say."""
    _cards[name] = render


def document_cards(request: access.SignedInRequest, document: Document) -> list[SafeString]:
    """Return the cards of a document that this person may see."""
    rendered = (render(request, document) for render in _cards.values())
    return [html for html in rendered if html]
