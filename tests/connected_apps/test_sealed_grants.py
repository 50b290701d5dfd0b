"""All grants of an installation, as whoever replaces keys and looks after them needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from cryptography.fernet import Fernet
from django.db.models.signals import post_save
from pytest_django.fixtures import Settings

from connected_apps.models import Grant
from connected_apps.oauth import encryption
from tests.support.xero import Browser


@contextmanager
def leaving_meanwhile(grant_id: int) -> Iterator[None]:
    """Let a grant be disconnected while another one is sealed."""

    def leave(**_: Any) -> None:
        Grant.objects.filter(pk=grant_id).delete()

    post_save.connect(leave, sender=Grant)
    try:
        yield
    finally:
        post_save.disconnect(leave, sender=Grant)


def test_grants_that_no_key_opens_are_counted(browser: Browser, settings: Settings) -> None:
    browser.connect()
    before = encryption.GRANTS.count()
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    assert before == (1, 0)
    assert encryption.GRANTS.count() == (1, 1)


def test_grant_that_ends_while_keys_are_replaced_is_no_fault(browser: Browser) -> None:
    browser.connect()
    second = Grant.objects.get()
    second.pk, second.xero_user_id = None, str(uuid4())
    second.save()

    with leaving_meanwhile(second.pk):
        assert encryption.GRANTS.seal_anew() == 1
