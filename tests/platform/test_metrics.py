"""`/metrics`: who may ask, what it shows, and that rules, board and page name what is there."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from lrm.models import Portal
from lrm.watching import metrics, tallies
from tests.support import faults, processes, webhook_posts
from tests.support.linked import Linked
from xero_sync.api import limits
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Delivery, QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.sweeps import sweeper

HERE, AWAY = "127.0.0.1", "203.0.113.5"
FOLDER = processes.ROOT / "docs" / "monitoring"
# What a name of ours may have behind it in Prometheus.
NAME = re.compile(r"\blrm_[a-z_]+")


def shown(client: Client | None = None) -> dict[str, dict[str, float]]:
    """Return every figure by name and label values, read as Prometheus reads it."""
    tallies.flush()
    page = (client or Client()).get("/metrics").content.decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(page):
        found.setdefault(family.name, {})
        for sample in family.samples:
            values = " ".join(sample.labels.values())
            found.setdefault(sample.name, {})[values] = sample.value
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "address", "headers", "status"),
    [
        ("", HERE, {}, 200),
        ("", "::1", {}, 200),
        ("", AWAY, {}, 403),
        ("", HERE, {"X-Forwarded-For": AWAY}, 403),
        ("", AWAY, {"X-Forwarded-For": HERE}, 403),
        ("made-up", HERE, {}, 401),
        ("made-up", HERE, {"Authorization": "Bearer made-up-too"}, 401),
        ("made-up", HERE, {"Authorization": "Bearer für"}, 401),
        ("made-up", AWAY, {"Authorization": "Bearer made-up"}, 200),
    ],
)
def test_metrics_are_shown_to_whoever_may_ask(
    settings: Settings, token: str, address: str, headers: dict[str, str], status: int
) -> None:
    settings.METRICS_TOKEN = token

    answer = Client(REMOTE_ADDR=address).get("/metrics", headers=headers)

    assert answer.status_code == status
    assert (b"lrm_version" in answer.content) is (status == 200)
    assert answer["Cache-Control"] != ""


def test_metrics_follow_what_happens(linked: Linked, settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    tallies.flush()
    before = shown()
    linked.sweep()
    invoice = next(one for one in linked.books()["documents"] if one["type"] == "ACCREC")
    named = webhook_posts.event(linked, "INVOICE", invoice["xero_id"])
    webhook_posts.deliver(named)
    Delivery.objects.update(received_at=timezone.now() - timedelta(seconds=30))
    webhook_posts.post(b"{}", "forged")
    waiting = shown()
    linked.take_events()
    faults.fault(linked, {"status": 503}, times=-1)
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=timezone.now())
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=timezone.now)
    linked.world.heal()
    QuarantinedDocument.objects.create(
        organisation=linked.organisation,
        resource="INVOICE",
        identity="made-up",
        raw={},
        reason="made up",
        first_seen_at=linked.organisation.created_at,
        last_tried_at=linked.organisation.created_at,
    )
    after = shown()

    organisation = str(linked.organisation.pk)
    assert waiting["lrm_queue_age_seconds"]["deliveries"] >= 30
    assert after["lrm_queue_age_seconds"]["deliveries"] == 0
    assert after["lrm_event_to_visible_seconds"]["0.5"] > 0
    # Those of which there are none are told as well: the first of them is then a rise.
    nothing = dict.fromkeys(Resource.values, 0)
    assert waiting["lrm_quarantined_documents"] == nothing
    assert after["lrm_quarantined_documents"] == {**nothing, "INVOICE": 1}
    assert after["lrm_connections"]["CONNECTED"] == 1
    assert set(after["lrm_part_up"].values()) == {1}
    day = limits.from_settings().day
    assert 0 < after["lrm_xero_calls_left"][f"{organisation} day"] < day
    assert after["lrm_xero_calls_limit"]["day"] == day
    answers = after["lrm_webhook_answers_total"]
    for status in ("200", "401"):
        counted = answers[status] - before.get("lrm_webhook_answers_total", {}).get(status, 0)
        assert counted == 1, status
    failed = sum(after["lrm_xero_failures_total"].values())
    assert failed > sum(waiting.get("lrm_xero_failures_total", {}).values())
    assert linked.organisation.name not in Client().get("/metrics").content.decode()


@pytest.mark.django_db
def test_figures_that_cannot_be_read_are_left_out_and_named(
    portal: Portal, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    tallies.add("lrm_webhook_answers", "200")
    found = shown()

    assert found["lrm_part_up"]["counts"] == 0
    assert found["lrm_part_up"]["sync"] == 1
    assert "lrm_webhook_answers_total" not in found
    settings.REDIS_URL = django_settings.CELERY_BROKER_URL
    assert shown()["lrm_webhook_answers_total"]["200"] >= 1


def exported() -> set[str]:
    """Return the names that a scrape has, those of empty families too."""
    page = Client().get("/metrics").content.decode()
    return set(re.findall(r"^# TYPE (\S+)", page, re.M))


@pytest.mark.django_db
def test_page_rules_and_board_name_what_is_exported(portal: Portal) -> None:
    there = exported()
    documented = set(re.findall(r"^\| `(lrm_\w+)`", (FOLDER / "metrics.md").read_text(), re.M))
    rules = (FOLDER / "alerts.yml").read_text()
    board = (FOLDER / "grafana.json").read_text()

    assert documented == there
    assert set(NAME.findall(rules)) <= there
    assert set(NAME.findall(board)) == there


def read_rules() -> list[dict[str, Any]]:
    """Return the rules for Prometheus."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def test_every_rule_says_what_to_do() -> None:
    rules = read_rules()

    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert len(rule["annotations"]["summary"]) > 20
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_runbook_has_a_row_for_every_rule_and_for_no_other() -> None:
    _, _, runbook = (FOLDER.parent / "operations.md").read_text().partition("## Runbook")

    named = set(re.findall(r"\bLrm[A-Z]\w+", runbook))

    assert named == {rule["alert"] for rule in read_rules()}


def test_somebody_is_woken_when_no_web_process_tells_any_figure() -> None:
    """All other rules are silent then."""
    asleep = [rule for rule in read_rules() if rule["expr"] == "absent(lrm_version)"]

    assert [(rule["labels"]["severity"], rule["for"]) for rule in asleep] == [("page", "2m")]


def test_rules_count_nothing_twice_where_several_web_processes_are_asked() -> None:
    """Each tells the counts of all."""
    added_up = re.compile(r"sum(?: by \(\w+\) )?\((?:rate|increase)\(")

    assert not [rule["alert"] for rule in read_rules() if added_up.search(rule["expr"])]


def test_every_count_has_words() -> None:
    assert all(about and label for about, label in metrics.COUNTED.values())
