"""Fault reports to Sentry: what failed and where, and nothing of anybody.

Web and a worker are real, and so is who receives: what it got is unpacked and searched.
"""

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import current_app
from django.conf import settings as django_settings

from tests.support import (
    builders,
    hook_receiver,
    otlp,
    own_product,
    processes,
    waiting,
    web_process,
)

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("transactional_db")]
NAME, MAIL, SECRET = "Zuzanna Quillfeather", "zuzanna@quillfeather.example", "planted-secret"

# What a careless library may do.
CARELESS = """
import logging, sys
import django
from lrm.observers import process_start
process_start.of_web()
django.setup()
import sentry_sdk
from django.db import connection
planted = sys.argv[1]
sentry_sdk.set_user({"email": planted, "username": planted})
sentry_sdk.set_tag("who", planted)
sentry_sdk.set_context("who", {"name": planted})
sentry_sdk.set_extra("who", planted)
sentry_sdk.add_breadcrumb(message=planted, data={"url": planted})
logging.getLogger("lrm.made_up").error("Our words of %s", planted)
logging.getLogger("urllib3").error(f"Their words of {planted}")
try:
    connection.cursor().execute("SELECT %s::int", [planted])
except Exception:
    logging.getLogger("lrm.made_up").exception("A statement failed for %s", planted)
try:
    raise type(planted, (ValueError,), {})(planted)
except ValueError:
    sentry_sdk.capture_exception()
raise ValueError(planted)
"""


def dsn(receiver: hook_receiver.Receiver) -> str:
    """Return the address to set."""
    return f"{otlp.base_of(receiver).replace('://', '://made-up-key@')}/1"


def unpacked(got: hook_receiver.Got) -> bytes:
    """Return what was posted, as it was before it was packed."""
    packed = got.headers.get("content-encoding") == "gzip"
    return gzip.decompress(got.body) if packed else got.body


def events(receiver: hook_receiver.Receiver) -> list[dict[str, Any]]:
    """Return the events that arrived: each envelope is a head, then a head and a body each."""
    found = []
    for got in list(receiver.got):
        lines = unpacked(got).split(b"\n")
        for head, body in zip(lines[1::2], lines[2::2], strict=False):
            if head and json.loads(head)["type"] == "event":
                found.append(json.loads(body))
    return found


def held_by(receiver: hook_receiver.Receiver, secrets: set[str]) -> set[str]:
    """Return which of them are anywhere in what was received."""
    everything = b"\n".join(
        got.path.encode() + repr(sorted(got.headers.items())).encode() + unpacked(got)
        for got in receiver.got
    )
    return {one for one in secrets if one.encode() in everything}


def exceptions(receiver: hook_receiver.Receiver) -> list[dict[str, Any]]:
    """Return each exception of each event, with where its event was."""
    return [
        {"transaction": one.get("transaction", ""), **value}
        for one in events(receiver)
        for value in one.get("exception", {}).get("values", [])
    ]


def kinds(receiver: hook_receiver.Receiver) -> set[tuple[str, str]]:
    """Return where something failed, and how."""
    return {(one["transaction"], one["type"]) for one in exceptions(receiver)}


def test_faults_of_web_and_worker_are_told_without_anybody(
    receiver: hook_receiver.Receiver, tmp_path: Path
) -> None:
    changes = {
        "REDIS_URL": django_settings.REDIS_URL,
        "SENTRY_DSN": dsn(receiver),
        "DJANGO_SETTINGS_MODULE": "tests.settings_without_styles",
    }
    user = builders.make_user(builders.make_portal(NAME), portal_admin=True)
    session = str(builders.client_of(user).session.session_key)
    # Nobody has collected styles, so a page cannot be made.
    failed_page = ("lrm.views.sign_in.SignIn", "ValueError")
    failed_task = ("xero_sync.tasks.fetch_events", "ValueError")

    with own_product.worker(tmp_path, **changes), own_product.web(tmp_path, **changes) as url:
        answer = requests.post(
            f"{url}/sign-in/",
            params={"next": f"/learners/?q={NAME}"},
            data={"username": MAIL, "password": SECRET},
            cookies={"sessionid": session},
            headers={"User-Agent": NAME, "Authorization": f"Bearer {SECRET}"},
            timeout=60,
        )
        with current_app.connection_for_write(django_settings.REDIS_URL) as connection:
            name = "xero_sync.tasks.fetch_events"
            current_app.send_task(name, [NAME], queue="people", connection=connection)
        assert waiting.wait_until(
            lambda: {failed_page, failed_task} <= kinds(receiver), seconds=30
        ), kinds(receiver)

    assert answer.status_code == 500
    # The id that the request's log lines have.
    of_page = [one for one in events(receiver) if one.get("transaction") == failed_page[0]]
    assert uuid.UUID(of_page[0]["tags"]["correlation"])
    frames = [frame for value in exceptions(receiver) for frame in value["stacktrace"]["frames"]]
    assert {"django.template.base", "xero_sync.tasks"} <= {one["module"] for one in frames}
    assert {name for one in frames for name in one} <= {"function", "module", "lineno", "in_app"}
    secrets = {NAME, "Quillfeather", MAIL, SECRET, session, user.username, "sessionid"}
    secrets |= {django_settings.SECRET_KEY, web_process.database_url(), str(tmp_path)}
    assert held_by(receiver, {*secrets, *django_settings.TOKEN_ENCRYPTION_KEYS}) == set()


def test_what_a_library_adds_stays_here(receiver: hook_receiver.Receiver, tmp_path: Path) -> None:
    ran = processes.run_python(
        CARELESS, NAME, **own_product.environment(tmp_path, SENTRY_DSN=dsn(receiver))
    )

    assert ran.returncode == 1
    assert NAME in ran.stderr, "it was to be said, but here"
    told = events(receiver)
    assert {one.get("logentry", {}).get("message") for one in told} == {
        *("Our words of %s", "A statement failed for %s", None),
    }
    found = {one["type"] for one in exceptions(receiver)}
    assert found >= {"DataError", "InvalidTextRepresentation", "ValueError"}
    assert held_by(receiver, {NAME, "Quillfeather", "Their words"}) == set()
