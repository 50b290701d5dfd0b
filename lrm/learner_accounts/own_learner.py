"""Who somebody who signs in is as a learner, asked anew with every request."""

from django.db.models import F

from lrm.models import Learner, LearnerAccount, User


def is_learner(user: User) -> bool:
    """Return whether the user is a learner's, whether or not anything is open to them now.

    Only users without a portal can be, so that all others are spared the question.
    """
    return user.portal_id is None and LearnerAccount.objects.filter(user=user).exists()


def of(user: User) -> Learner | None:
    """Return the learner whose own documents the user may see now; None for everybody else.

    None as well where the portal does not show learners their documents, and where the learner has
    another number or e-mail address than when they were invited: the link to set the password then
    went to an address, and named a number, that may be somebody else's.
    """
    if user.portal_id is not None:
        return None
    learners = Learner.objects.select_related("portal").filter(
        account__user=user,
        account__number=F("number"),
        account__user__email__iexact=F("email"),
        portal__learners_see_documents=True,
    )
    return learners.first()
