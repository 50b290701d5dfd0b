"""What is mailed about a second factor: whoever it belongs to reads of every change."""

from lrm import mail
from lrm.models import User

_BODY = """Hello {name},

{what}

Your account is {username} in {portal}. If it was not you, change your password at once and tell a
portal admin.
"""


def set_up(user: User, *, how: str) -> None:
    """Tell that more than the password is asked from now on."""
    _send(
        user,
        "A second factor was set up",
        "A second factor was set up for your account. From now on signing in takes "
        f"{how} as well as the password. Everywhere else you were signed out.",
    )


def passkey_added(user: User, *, name: str) -> None:
    """Tell of another way in."""
    _send(
        user,
        "A passkey was added",
        f"The passkey {name} was added to the second factor of your account. Everywhere else you "
        "were signed out.",
    )


def passkey_removed(user: User, *, name: str) -> None:
    """Tell that one way in is gone, and that others are left."""
    _send(
        user,
        "A passkey was removed",
        f"The passkey {name} was removed from the second factor of your account and signs nobody "
        "in any more. Everywhere else you were signed out.",
    )


def passkey_copied(user: User, *, name: str) -> None:
    """Tell that two seem to have the same one."""
    _send(
        user,
        "A passkey was refused",
        f"Your passkey {name} was refused: its count went back, so there may be a copy of it. "
        "Whoever used it knows your password as well. Remove this passkey under Your account.",
    )


def app_added(user: User) -> None:
    """Tell of another way in."""
    _send(
        user,
        "An authenticator app was added",
        "An authenticator app was added to the second factor of your account, beside your "
        "passkeys. Everywhere else you were signed out.",
    )


def app_removed(user: User) -> None:
    """Tell that passkeys alone are left."""
    _send(
        user,
        "An authenticator app was taken away",
        "The authenticator app was taken away from the second factor of your account: its codes "
        "do not work any more, your passkeys do. Everywhere else you were signed out.",
    )


def switched_off(user: User) -> None:
    """Tell that none are asked any more."""
    _send(
        user,
        "Your second factor was switched off",
        "The second factor of your account was switched off. The password is enough again to sign "
        "in.",
    )


def codes_renewed(user: User) -> None:
    """Tell that older recovery codes are void."""
    _send(
        user,
        "You have new recovery codes",
        "New recovery codes were made for your account. Those from before do not work any more.",
    )


def recovery_code_used(user: User, *, left: int) -> None:
    """Tell that one is gone."""
    _send(
        user,
        "A recovery code was used",
        f"A recovery code of your account was used. Codes left: {left}.",
    )


def reset(user: User, *, by: User | None) -> None:
    """Tell who took it away."""
    _send(
        user,
        "Your second factor was reset",
        f"{by or 'Support'} has reset the second factor of your account: app, passkeys and "
        "recovery codes of before do not work any more, and you are signed out everywhere. The "
        "password is enough to sign in; set up a second factor again under Your account.",
    )


def tried(user: User) -> None:
    """Tell that somebody who knows the password guesses codes."""
    _send(
        user,
        "Somebody knows your password",
        "Somebody entered your password and then many wrong codes, and was locked out for a while. "
        "If it was not you, they know your password.",
    )


def _send(user: User, subject: str, what: str) -> None:
    mail.send_after_commit(
        addresses=[user.email],
        subject=subject,
        body=_BODY.format(name=user, what=what, username=user.username, portal=user.portal),
        about="a second factor",
    )
