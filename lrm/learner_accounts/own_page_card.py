"""What staff read of a learner's own page, and which buttons they have for it."""

from dataclasses import dataclass

from lrm.learner_accounts import invitations
from lrm.models import Learner, Portal


@dataclass(frozen=True)
class OwnPage:
    """How the learner's access stands; `invite` is what the button says, empty for none."""

    look: str
    state: str
    text: str
    invite: str = ""
    may_end: bool = False


def of(learner: Learner, portal: Portal) -> OwnPage | None:
    """Return how a learner's own page stands; None where the portal shows none to anybody."""
    if not portal.learners_see_documents:
        return None
    obstacle = invitations.obstacle_to(learner, portal)
    account = invitations.account_of(learner)
    if account is None:
        text = obstacle or (
            f"{learner.full_name} gets an e-mail with a link to set a password, and then sees "
            "their own invoices and credits, and nothing else."
        )
        return OwnPage("idle", "Not invited", text, "" if obstacle else "Invite")
    if not invitations.fits(account, learner):
        text = (
            "The learner number or the e-mail address has changed since the invitation, so the "
            f"access has ended. {obstacle or 'Invite again where this is the same person.'}"
        )
        return OwnPage("warn", "Ended", text, "" if obstacle else "Invite again", may_end=True)
    again = "" if obstacle else "Send a new link"
    if not account.user.has_usable_password():
        text = f"A link was sent to {account.user.email}, and no password is set yet. {obstacle}"
        return OwnPage("busy", "Invited", text.strip(), again, may_end=True)
    text = f"Signs in as {account.user.username}. {obstacle}"
    return OwnPage("ok", "Open", text.strip(), again, may_end=True)
