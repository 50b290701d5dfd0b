"""Mail that may fail: what it tells stands on a page as well, so a mail server undoes nothing.

It is sent after the commit of what it tells of, a message for each address, so that nobody reads
whom else it went to. Where one cannot be sent, the log says so by the error's kind alone, since the
error's own words may hold the address.
"""

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from smtplib import SMTPException

from django.core import mail
from django.db import transaction

logger = logging.getLogger(__name__)


def send_after_commit(*, addresses: Iterable[str], subject: str, body: str, about: str) -> None:
    """Send a message to each address once the transaction commits; empty addresses get none.

    :param about: what it tells of, for the log.
    """
    wanted = [address for address in addresses if address]
    if wanted:
        transaction.on_commit(partial(_send, wanted, subject, body, about))


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
