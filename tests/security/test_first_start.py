"""The first portal of an installation: made by a command, its password set by a link."""

import re
import time

import pytest

from lrm import tasks
from lrm.models import LrmRole, Portal, User
from lrm.watching import heartbeat
from tests.support import builders, web_process
from tests.support.manage_process import run
from tests.support.web_process import HOST, Web

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_stranger_comes_in_by_the_link_when_the_command_made_the_portal(web: Web) -> None:
    made = run(
        "create_portal",
        *("--name", "Wattle Creek Training", "--username", "robin"),
        *("--email", "robin@example.com", "--time-zone", "Australia/Perth"),
    )
    assert made.returncode == 0, made.stderr
    link = re.search(rf"https://{HOST}(/set-password/\S+)", made.stdout)
    assert link is not None
    portal = Portal.objects.get(slug="wattle-creek-training")
    user = User.objects.get(username="robin")
    assert (portal.time_zone, user.portal, user.lrm_role) == (
        "Australia/Perth",
        portal,
        LrmRole.ADMIN,
    )
    assert user.is_portal_admin
    assert not user.has_usable_password()

    moved = web.get(link[1])
    session = re.search(r"__Host-sessionid=(\w+)", str(moved.headers))
    assert session is not None
    headers = {**web_process.session_headers(session[1]), **FORM}
    form = web.send("GET", moved.headers["Location"], headers=headers)
    assert link[1] not in form.text
    weak = web.send(
        "POST",
        moved.headers["Location"],
        "new_password1=password1&new_password2=password1",
        headers,
    )
    strong = "new_password1=made-up-and-long&new_password2=made-up-and-long"
    done = web.send("POST", moved.headers["Location"], strong, headers)
    told = web.get("/sign-in/", Cookie=headers["Cookie"])
    came_in = web.post("/sign-in/", username="robin", password="made-up-and-long")
    again = web.get(link[1])

    assert "too common" in weak.text
    assert (done.status, done.headers["Location"]) == (302, "/sign-in/")
    assert "The password is set" in told.text
    assert (came_in.status, came_in.headers["Location"]) == (302, "/")
    assert "does not work any more" in again.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name", "X"], "give --email"),
        (["--name", "X", "--email", "nothing"], "email"),
        (["--name", "X", "--email", "a@example.com", "--time-zone", "Mars"], "time zone"),
        (["--name", "X", "--email", "a@example.com", "--slug", "taken"], "slug"),
        (["--name", "X", "--email", "a@example.com", "--username", "taken"], "username"),
    ],
)
def test_nothing_is_made_when_an_answer_cannot_be(
    transactional_db: None, options: list[str], said: str
) -> None:
    builders.make_user(builders.make_portal(slug="taken"), username="taken")

    made = run("create_portal", *options)

    assert made.returncode == 1
    assert said in made.stderr
    assert (Portal.objects.count(), User.objects.count()) == (1, 1)


def test_beat_has_rung_when_a_worker_took_its_message(transactional_db: None) -> None:
    before = time.time()

    tasks.wake_jobs()

    assert (heartbeat.last() or 0.0) >= before
