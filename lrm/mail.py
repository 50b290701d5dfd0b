"""Mail that may fail: what it tells stands on a page as well, so a mail server undoes nothing.

It is sent after the commit of what it tells of, a message for each address, so that nobody reads
whom else it went to. Where one cannot be sent, the log says so by the error's kind alone, since the
error's own words may hold the address.

A mail server may hang, for ten seconds at each of a dozen words. So a process that answers people
sends in threads of its own; a worker waits, since what it has done should not be told after it has
ended.
"""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from smtplib import SMTPException

from django.core import mail
from django.db import transaction

logger = logging.getLogger(__name__)

# Sendings that wait for a thread; more are not worth keeping while a mail server hangs.
MOST_WAITING = 500
_THREADS = 2
_threads: list[ThreadPoolExecutor] = []
_room = threading.BoundedSemaphore(MOST_WAITING)


def send_in_threads() -> None:
    """Let nobody in this process wait for a mail server from now on.

    What waits when the process is told to end is sent before it does, unless it is killed.
    """
    if not _threads:
        _threads.append(ThreadPoolExecutor(_THREADS, thread_name_prefix="mail"))


def send_after_commit(*, addresses: Iterable[str], subject: str, body: str, about: str) -> None:
    """Send a message to each address once the transaction commits; empty addresses get none.

    :param about: what it tells of, for the log.
    """
    wanted = [address for address in addresses if address]
    if wanted:
        send = partial(_send, wanted, subject, body, about)
        transaction.on_commit(partial(_hand_over, send, about) if _threads else send)


def _hand_over(send: Callable[[], None], about: str) -> None:
    if not _room.acquire(blocking=False):
        logger.warning("The mail about %s is not sent: too many wait for the mail server", about)
        return
    sending = _threads[0].submit(contextvars.copy_context().run, send)
    sending.add_done_callback(lambda _: _room.release())


def _send(addresses: Sequence[str], subject: str, body: str, about: str) -> None:
    """Send all of them over one connection: a server that is away is waited for once."""
    try:
        with mail.get_connection() as connection:
            for address in addresses:
                message = mail.EmailMessage(subject, body, to=[address], connection=connection)
                _try_to_send(message, about)
    except (SMTPException, OSError) as error:
        _warn(about, error)


def _try_to_send(message: mail.EmailMessage, about: str) -> None:
    """Send a message; one that the server refuses keeps nobody else from theirs."""
    try:
        message.send()
    except SMTPException as error:
        _warn(about, error)


def _warn(about: str, error: Exception) -> None:
    logger.warning("The mail about %s could not be sent: %s", about, type(error).__name__)
