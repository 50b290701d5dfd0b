"""How far a run of learners is and how it ended, in words for pages, notices and terminals."""

from xero_sync.runs.learner_progress import LearnerProgress


def proof_of(progress: LearnerProgress) -> str:
    """Return what was proved: "412 of 412 learners are in Xero, as they are here"."""
    if not progress.chosen:
        return "Every learner that was changed between these days is in Xero already"
    verb = "learner is" if progress.chosen == 1 else "learners are"
    return f"{progress.in_xero:,} of {progress.chosen:,} {verb} in Xero, as they are here"


def problems_of(progress: LearnerProgress) -> list[str]:
    """Return what somebody has to look at; nothing where all is well."""
    counts = {
        "refused by Xero": progress.refused,
        "waiting for an answer": progress.asked,
        "different in Xero": progress.differing,
    }
    return [f"{count:,} {words}" for words, count in counts.items() if count]


def progress_in_words(progress: LearnerProgress) -> str:
    """Return how the learners stand, as a sentence without its full stop."""
    if progress.chosen is None:
        return "The learners are being chosen"
    counts = {"on the way": progress.waiting, "being checked": progress.unchecked}
    under_way = [f"{count:,} {words}" for words, count in counts.items() if count]
    left = [f"{progress.not_ticked:,} not ticked any more"] if progress.not_ticked else []
    return "; ".join([proof_of(progress), *under_way, *problems_of(progress), *left])
