"""What can be told, by the names that programs read. A name never changes its meaning."""

from collections.abc import Collection

DOCUMENT_CHANGED = "document.changed"
RUN_ENDED = "sync_run.ended"
CONNECTION_BROKE = "connection.broken"
TEST = "endpoint.test"

WORDS = {
    DOCUMENT_CHANGED: "A document is new or has changed",
    RUN_ENDED: "A re-sync has ended",
    CONNECTION_BROKE: "Xero needs reconnecting",
    TEST: "A test, sent by a person",
}
# Of which an endpoint gets some or all; a test goes where a person sends it.
CHOSEN_FROM = tuple(name for name in WORDS if name != TEST)


def is_wanted(type: str, chosen: Collection[str] | None) -> bool:
    """Return whether an endpoint gets a type.

    :param chosen: what was chosen for it; None for all, those of later releases too.
    """
    return chosen is None or type == TEST or type in chosen
