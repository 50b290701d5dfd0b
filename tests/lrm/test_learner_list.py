"""Search and pages of the learner list."""

import pytest
from django.db import connection

from lrm.models import Learner, Portal
from lrm.roster import learner_list, search
from tests.support import builders


def found(portal: Portal, text: str) -> set[str]:
    return {learner.number for learner in learner_list.learners_matching(portal=portal, text=text)}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("L000123", {"L000123"}),
        ("l0001", {"L000123"}),
        ("jose", {"L000123"}),
        ("JOSÉ", {"L000123"}),
        ("nguy", {"L000123"}),
        ("Nguyễn, José", {"L000123"}),
        ("nguyen jose", {"L000123"}),
        ("obrien", {"AB-77"}),
        ("O'Brien", {"AB-77"}),
        ("ab-77", {"AB-77"}),
        ("zoe.ob@mail", {"AB-77"}),
        ("example.com", {"L000123", "AB-77"}),
        ("nguyen obrien", set()),
        ("", {"L000123", "AB-77"}),
        ("   ", {"L000123", "AB-77"}),
        ("!!!", set()),
        ("' OR 1=1 --", set()),
        ("a:* & b | !c <-> \\", set()),
        ("%", set()),
        ("🙂", set()),
    ],
)
def test_search_finds_learners_by_beginnings_of_words(
    portal: Portal, text: str, numbers: set[str]
) -> None:
    builders.make_learner(
        portal, number="L000123", given_name="José", family_name="Nguyễn", email="j@example.com"
    )
    builders.make_learner(
        portal,
        number="AB-77",
        given_name="Zoë",
        family_name="O\u2019Brien",
        email="zoe.ob@mail.example.com",
    )
    builders.make_learner(builders.make_portal("Saltbush"), number="L000123", given_name="José")

    assert found(portal, text) == numbers


def test_search_page_answers_when_the_address_holds_nonsense(portal: Portal) -> None:
    builders.make_learner(portal, family_name="Visible")
    client = builders.client_of(builders.make_user(portal))

    for query in (
        "after=x",
        "before=-1",
        "after=" + "9" * 40,
        "q=%00",
        "after=²",
        "q=" + "a " * 500,
    ):
        assert client.get(f"/learners/?{query}").status_code == 200


def test_search_follows_a_learner_changed_past_the_model(portal: Portal) -> None:
    learner = builders.make_learner(portal, family_name="Before")

    Learner.objects.filter(id=learner.id).update(family_name="After")

    assert found(portal, "after") == {learner.number}
    assert found(portal, "before") == set()


def test_search_can_use_the_index_of_words(db: None) -> None:
    with connection.cursor() as cursor:
        # Small tables are read whole; this asks whether the index fits the query at all.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        words = Learner.objects.order_by().annotate(words=search.LearnerWords())
        plan = words.filter(words=search.word_query("wattle")).explain()

    assert "learner_words" in plan


def test_pages_walk_everybody_once_in_order_forwards_and_backwards(portal: Portal) -> None:
    names = ["adams", "Adams", "Baker", "de Souza", "Evans", "evans", "Evans", "Zhang"]
    for n, name in enumerate(names):
        builders.make_learner(portal, family_name=name, given_name="Lee", number=f"N{n}")
    everybody = [learner.id for learner in portal.learners.all()]

    forwards: list[list[int]] = []
    after = None
    while True:
        page = learner_list.page_of(portal.learners.all(), portal=portal, after=after, size=3)
        forwards.append([learner.id for learner in page.learners])
        after = page.following
        if after is None:
            break
    backwards = [[learner.id for learner in page.learners]]
    while page.previous is not None:
        page = learner_list.page_of(
            portal.learners.all(), portal=portal, before=page.previous, size=3
        )
        backwards.append([learner.id for learner in page.learners])

    assert [learner_id for ids in forwards for learner_id in ids] == everybody
    assert [len(ids) for ids in forwards] == [3, 3, 2]
    assert sorted(learner_id for ids in backwards for learner_id in ids) == sorted(everybody)
    families = [learner.family_name for learner in portal.learners.all()]
    assert families.index("de Souza") == 3


def test_first_page_shows_when_the_cursor_is_another_portals_learner(portal: Portal) -> None:
    stranger = builders.make_learner(builders.make_portal("Saltbush"), family_name="Zzz")
    mine = builders.make_learner(portal)

    page = learner_list.page_of(portal.learners.all(), portal=portal, after=stranger.id)

    assert [learner.id for learner in page.learners] == [mine.id]


def test_table_alone_is_answered_when_htmx_asks(portal: Portal) -> None:
    builders.make_learner(portal, family_name="Visible")
    client = builders.client_of(builders.make_user(portal))

    page = client.get("/learners/?q=visi", headers={"HX-Request": "true"}).content.decode()

    assert "Visible" in page
    assert "<html" not in page
