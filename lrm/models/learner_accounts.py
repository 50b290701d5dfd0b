"""The account by which a learner sees their own documents, and nothing else."""

from django.db import models


class LearnerAccount(models.Model):
    """Which learner somebody who signs in is.

    The user of it belongs to no portal on purpose: every right of the product begins with one, so
    a page that forgets learners is closed to them. Who is a learner of two portals has two
    accounts, each with a user name and a password of its own, and neither portal learns of the
    other.
    """

    user = models.OneToOneField(
        "lrm.User", on_delete=models.CASCADE, related_name="learner_account"
    )
    learner = models.OneToOneField("lrm.Learner", on_delete=models.CASCADE, related_name="account")
    # The learner's number when they were invited. Who is numbered anew may be somebody else, and
    # is invited anew. The address of then is the user's.
    number = models.CharField(max_length=50)
    invited_at = models.DateTimeField()

    class Meta:
        app_label = "lrm"

    def __str__(self) -> str:
        return f"account of learner {self.learner_id}"
