"""Every way in which a consent comes to nothing, each with its own sentence.

A sentence says what happened, that nothing was changed, and what to do or who can do it.
"""

import re

from connected_apps import errors

_UNCHANGED = "Nothing was changed here."


def wrong_state() -> errors.ConsentProblem:
    """Return the problem of an answer that belongs to no attempt of this browser session."""
    return errors.ConsentProblem(
        "WRONG_STATE",
        "This connection attempt has expired or was finished in another tab. Nothing changed. "
        "Connect again.",
    )


def denied() -> errors.ConsentProblem:
    """Return the problem of a person who pressed Cancel in Xero."""
    return errors.ConsentProblem(
        "CANCELLED",
        f"Access was not allowed in Xero. {_UNCHANGED} Press Connect to Xero when you are ready.",
    )


def of_redirect(code: str) -> errors.ConsentProblem:
    """Return the problem that Xero names in `error` of its redirect."""
    if code == "access_denied":
        return denied()
    if code in {"invalid_scope", "unauthorized_client", "invalid_request"}:
        return misconfigured()
    shown = code if re.fullmatch(r"[a-z_]{1,40}", code) else "no code we know"
    return errors.ConsentProblem(
        "XERO_ERROR",
        f"Xero could not complete the connection (it says: {shown}). {_UNCHANGED} "
        "Try again in a few minutes.",
    )


def no_code() -> errors.ConsentProblem:
    """Return the problem of a redirect that brings neither a code nor an error."""
    return errors.ConsentProblem(
        "NO_CODE",
        f"Xero sent you back without an answer. {_UNCHANGED} Press Connect to Xero to try again.",
    )


def misconfigured() -> errors.ConsentProblem:
    """Return the problem of an installation that Xero does not know or does not trust."""
    return errors.ConsentProblem(
        "MISCONFIGURED",
        f"Xero does not accept this system's own registration with Xero. {_UNCHANGED} You cannot "
        "fix this: support must check its Xero client id, secret and scopes.",
    )


def no_organisation() -> errors.ConsentProblem:
    """Return the problem of a consent that brought no organisation."""
    return errors.ConsentProblem(
        "NO_ORGANISATION",
        "You allowed access, but no organisation came with it. In Xero you need a role in the "
        f"organisation that may connect apps; an accounting practice alone does not do. "
        f"{_UNCHANGED} Connect again and choose an organisation, or ask its Xero adviser to.",
    )


def answered_already() -> errors.ConsentProblem:
    """Return the problem of a question that was answered in another tab."""
    return errors.ConsentProblem(
        "ANSWERED", "This was already answered, perhaps in another tab. The page shows what stands."
    )


def not_on_offer() -> errors.ConsentProblem:
    """Return the problem of an answer that names something else."""
    return errors.ConsentProblem(
        "NOT_ON_OFFER", f"Choose one of the organisations that are listed. {_UNCHANGED}"
    )


def lapsed() -> errors.ConsentProblem:
    """Return the problem of a question that waited longer than 15 minutes."""
    return errors.ConsentProblem(
        "LAPSED",
        f"There is no open choice: it lapses after 15 minutes. {_UNCHANGED} Press Connect to Xero "
        "to start again.",
    )


def not_stored() -> errors.ConsentProblem:
    """Return the problem of a connection that could not be stored here, for a reason of ours."""
    return errors.ConsentProblem(
        "NOT_STORED",
        f"Xero agreed, but an error on our side kept the connection from being made. {_UNCHANGED} "
        "Press Connect to Xero again in a minute. If it happens again, contact support.",
    )


def of_error(error: errors.ConnectedAppsError) -> errors.ConsentProblem:
    """Return the problem behind an error of a call to Xero."""
    if isinstance(error, errors.GrantRefused):
        return errors.ConsentProblem(
            "CODE_EXPIRED",
            "Xero no longer accepts this answer: it is valid for 5 minutes and only once. "
            f"{_UNCHANGED} Press Connect to Xero to start again.",
        )
    if isinstance(error, errors.IdentityMisconfigured):
        return misconfigured()
    if isinstance(error, errors.IdTokenRefused):
        return errors.ConsentProblem(
            "NOT_XEROS",
            "What came back could not be verified as Xero's own answer to this attempt. "
            f"{_UNCHANGED} Press Connect to Xero to try again. If it happens again, tell support.",
        )
    return errors.ConsentProblem(
        "XERO_UNAVAILABLE",
        "Xero did not answer properly while the connection was being made. "
        f"{_UNCHANGED} Try again in a few minutes.",
    )
