"""What the re-sync page shows of a run of learners: how they stand, and who is not in Xero."""

from typing import Any

from xero_sync.models import ENDED_RUNS, LearnerOutcome, SyncRun
from xero_sync.runs import learner_progress, learner_titles

# How each of those looks who are named; the icon and the word carry the meaning.
_LOOKS: dict[LearnerOutcome, str] = {
    LearnerOutcome.REFUSED: "bad",
    LearnerOutcome.QUESTION: "warn",
    LearnerOutcome.DIFFERS: "warn",
}


def of_run(run: SyncRun, *, may_name: bool) -> dict[str, Any]:
    """Return what a page shows of the learners of a run; nothing for one of documents.

    :param may_name: whether those who are not in Xero as they are here may be named.
    """
    progress = learner_progress.progress_of(run)
    # Where a worker of the release before ended it, nothing is known of its learners.
    if progress is None or (progress.chosen is None and not run.is_open):
        return {}
    named = learner_progress.named_of(run) if may_name and progress.has_problems else []
    count = progress.refused + progress.asked + progress.differing
    return {
        "learners": progress,
        "learners_sentence": f"{learner_titles.progress_in_words(progress)}.",
        "named": [(_LOOKS[one.outcome], one) for one in named],
        # The sentence says all that the reason does.
        "is_told": run.state in ENDED_RUNS,
        "unnamed": count - len(named) if may_name else 0,
    }
