"""`visit PORTAL_SLUG CALLS SECONDS`: come as a person when bulk has borrowed all that it may.

Four threads call for bulk as fast as they are given leave, until the visit is over. Prints after
how many seconds each of the visit's calls was answered, counted from the first one's asking, and
how many calls stood in the last minute then.
"""

import json
import sys
import threading
import time

from benchmarks.parts import product
from connected_apps.models import Connection
from xero_sync.api import errors, limits, rate_limiter, sessions
from xero_sync.resources import Resource

BULK_THREADS = 4


def call_for_bulk(session: sessions.Session, over: threading.Event) -> None:
    """Call as fast as may be, until it is over."""
    while not over.is_set():
        try:
            session.list_page(Resource.INVOICE, page=1, page_size=1)
        except errors.RateLimited as wait:
            over.wait(wait.retry_after)


def wait_for_loan(connection: Connection, seconds: float) -> int:
    """Wait until bulk has borrowed all it may; return how many calls stand in the last minute.

    :raises TimeoutError: it has not for so many seconds.
    """
    assert connection.organisation is not None
    books, ends = rate_limiter.shared(), time.monotonic() + seconds
    most, seen = limits.from_settings().minute_with_loan, 0
    while time.monotonic() < ends:
        used = books.books_of(connection.organisation.tenant_id).minute_used
        if used >= most:
            return used
        seen = max(seen, used)
        time.sleep(0.01)
    raise TimeoutError(f"Bulk used {seen} calls a minute, and never {most}.")


def call_at_once(session: sessions.Session) -> None:
    """Make one call as soon as may be."""
    while True:
        try:
            session.list_page(Resource.INVOICE, page=1, page_size=1)
        except errors.RateLimited as wait:
            time.sleep(wait.retry_after)
        else:
            return


def visit(connection: Connection, calls: int, seconds: float) -> tuple[int, list[float]]:
    """Wait for the loan, then call; return what bulk had used, and when each call was answered."""
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    # The token is read before the time begins.
    session.ready()
    used = wait_for_loan(connection, seconds)
    began, answered = time.monotonic(), []
    for _ in range(calls):
        call_at_once(session)
        answered.append(time.monotonic() - began)
    return used, answered


def main(slug: str, calls: int, seconds: float) -> None:
    """Visit once, beside bulk."""
    connection = Connection.objects.select_related("organisation").get(portal__slug=slug)
    over = threading.Event()
    # Calls of other threads ask the database for nothing.
    bulk = sessions.of(connection, lane=rate_limiter.Lane.BULK).ready()
    threads = [
        threading.Thread(target=call_for_bulk, args=(bulk, over)) for _ in range(BULK_THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        used, answered = visit(connection, calls, seconds)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    print(json.dumps({"used": used, "seconds": answered, "on": str(product.clock().date())}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
