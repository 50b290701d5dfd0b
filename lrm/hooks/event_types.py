"""What can be told, by the names that programs read. A name never changes its meaning."""

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
