"""Real workers and a real web host, while their Valkey is killed, hangs and comes back."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from celery import current_app

from lrm.demo import supervisor
from tests.support import own_product, own_valkey, waiting, webhook_posts
from tests.support.own_valkey import OwnValkey
from xero_sync.models import Delivery

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("transactional_db")]
KEY = "made-up"
AS_THE_IMAGE = ()
AS_THE_DEMO = ("--pool", "threads", "--without-gossip", "--without-mingle")


def kill_and_start_again(valkey: OwnValkey) -> None:
    valkey.kill()
    time.sleep(2)
    valkey.start_again()


def hang_and_go_on(valkey: OwnValkey) -> None:
    valkey.hang()
    time.sleep(5)
    valkey.go_on()


def is_alive(child: supervisor.Child) -> bool:
    return child.process.poll() is None


def wake(valkey: OwnValkey, *, delay: float = 0.0) -> None:
    """Send to a worker's Valkey what a web host sends."""
    with current_app.connection_for_write(valkey.url) as connection:
        current_app.send_task(
            "xero_sync.tasks.unpack_deliveries",
            queue="people",
            countdown=delay or None,
            connection=connection,
        )


def unpacks(valkey: OwnValkey) -> bool:
    """Return whether the worker does what it is woken for, in the end."""
    delivery = Delivery.objects.create(
        received_at="2026-11-02T00:00Z", body=webhook_posts.envelope()
    )

    def is_unpacked() -> bool:
        wake(valkey)
        return Delivery.objects.filter(pk=delivery.pk).exclude(unpacked_at=None).exists()

    return waiting.wait_until(is_unpacked, pause=0.5)


@pytest.mark.parametrize("options", [AS_THE_IMAGE, AS_THE_DEMO], ids=["image", "demo"])
@pytest.mark.parametrize("fault", [kill_and_start_again, hang_and_go_on])
def test_worker_goes_on_when_its_broker_comes_back(
    tmp_path: Path, options: tuple[str, ...], fault: Callable[[OwnValkey], None]
) -> None:
    with (
        own_valkey.running(tmp_path / "valkey") as valkey,
        own_product.worker(tmp_path, *options, REDIS_URL=valkey.url) as worker,
    ):
        assert unpacks(valkey)
        # Taken by the worker and not done yet: it holds these when the broker is lost.
        for _ in range(3):
            wake(valkey, delay=600)
        assert waiting.wait_until(lambda: redis.Redis.from_url(valkey.url).hlen("unacked") == 3)

        fault(valkey)

        assert unpacks(valkey)
        assert is_alive(worker)


def test_webhooks_are_answered_at_once_while_valkey_is_away_or_hangs(tmp_path: Path) -> None:
    body = webhook_posts.envelope({"eventCategory": "INVOICE"})
    signature = webhook_posts.sign(body, KEY)
    took: dict[str, list[float]] = {}

    with (
        own_valkey.running(tmp_path / "valkey") as valkey,
        own_product.web(tmp_path, REDIS_URL=valkey.url) as url,
    ):
        own_product.send(url, signature, body)
        valkey.hang()
        took["hangs"] = [own_product.send(url, signature, body) for _ in range(20)]
        valkey.go_on()
        valkey.kill()
        took["is away"] = [own_product.send(url, signature, body) for _ in range(20)]
        valkey.start_again()

    assert Delivery.objects.count() == 41
    assert {when: max(seconds) < 1 for when, seconds in took.items()} == dict.fromkeys(took, True)


def test_broker_that_is_away_for_long_ends_no_worker() -> None:
    # A hundred tries by default, which are over in less than an hour.
    assert current_app.conf.broker_connection_max_retries is None
