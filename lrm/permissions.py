"""Who may do what: one function a right, read by views, templates and the API alike.

Two independent properties make the rights: being a portal admin, and the LRM role. Finance
reports need the accounts permission on top of an LRM role.
"""

from lrm.models import LrmRole, User


def has_lrm_role(user: User) -> bool:
    """Return whether the user works with learners at all (LRM user or LRM admin)."""
    return user.portal_id is not None and user.lrm_role in {LrmRole.USER, LrmRole.ADMIN}


def may_see_learners(user: User) -> bool:
    """Return whether the user may see and edit learners and their documents."""
    return has_lrm_role(user)


def may_see_connected_apps(user: User) -> bool:
    """Return whether the user may see the state of connections in full."""
    return user.portal_id is not None and user.is_portal_admin


def may_manage_connected_apps(user: User) -> bool:
    """Return whether the user may connect, re-sync and disconnect."""
    return may_see_connected_apps(user) and has_lrm_role(user)


def may_run_finance_reports(user: User) -> bool:
    """Return whether the user may open reports such as #0442."""
    return has_lrm_role(user) and user.is_accounts
