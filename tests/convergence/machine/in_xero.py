"""Rules of what happens in Xero: documents and contacts, by people or by themselves."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.convergence import steps
from tests.convergence.identities import steps as people
from tests.convergence.machine.example import Example, may
from tests.support.tally import FAULT, tally

ACTS = (
    *("pay", "void", "credit", "allocate", "deallocate", "touch", "approve"),
    *("set_reference", "redate", "rewrite"),
)
_OPEN = ("AUTHORISED", "SUBMITTED", "DRAFT")
_pick = st.integers(0, 30)


class InXero(Example):
    """What people do in Xero."""

    @may(act=st.sampled_from(ACTS), pick=_pick, percent=st.sampled_from([100, 50]), days=_pick)
    def change_document(self, act: str, pick: int, percent: int, days: int) -> None:
        """Pay, credit, void, and so on."""
        self.next()
        steps.ChangeDocument(act, pick, percent, days).play(self.stage)

    @may(
        act=st.sampled_from(["raise", "overpayment", "prepayment"]),
        pick=_pick,
        kind=st.sampled_from(["ACCREC", "ACCREC", "ACCPAY"]),
        status=st.sampled_from(["AUTHORISED", "AUTHORISED", "DRAFT"]),
        is_announced=st.booleans(),
    )
    def new_document(self, act: str, pick: int, kind: str, status: str, is_announced: bool) -> None:
        """Raise one, or receive money; its event may be lost."""
        self.next()
        if not is_announced:
            tally.count(f"{FAULT}event that is lost")
            self.stage.world.do("webhooks", lose_next=1)
        steps.NewDocument(act, pick, "99.95", kind, status, days=pick).play(self.stage)

    @may(
        act=st.sampled_from(["create", "rename", "update", "archive", "restore", "merge"]),
        pick=_pick,
        other=_pick,
    )
    def change_contact(self, act: str, pick: int, other: int) -> None:
        """Merge, rename, archive."""
        self.next()
        steps.ChangeContact(act, pick, other).play(self.stage)

    @may(pick=_pick, number=st.sampled_from(["", *people.NUMBERS]))
    def renumber_contact(self, pick: int, number: str) -> None:
        """Give a contact another number."""
        self.next()
        contacts = sorted(self.stage.show_books()["contacts"], key=lambda one: one["contact_id"])
        one = contacts[pick % len(contacts)]["contact_id"]
        self.stage.act("contacts", act="update", id=one, number=number)

    @may(pick=_pick)
    def change_silently(self, pick: int) -> None:
        """Move the due date of an invoice that is paid in part: nothing tells of it."""
        self.next()
        tally.count(f"{FAULT}change that nothing announces")
        documents = sorted(self.stage.show_books()["documents"], key=lambda one: one["xero_id"])
        able = [one for one in documents if one["type"] == "ACCREC" and one["status"] in _OPEN]
        if able:
            one = able[pick % len(able)]["xero_id"]
            day = self.stage.now().date() + timedelta(days=pick)
            self.stage.act(
                "documents", act="edit_due_date_silently", id=one, due_date=day.isoformat()
            )
