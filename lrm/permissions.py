"""Who may do what: one function a right, read by views, templates and the API alike.

Two independent properties make the rights: being a portal admin, and the LRM role. Finance
reports need the accounts permission on top of an LRM role.
"""

from collections.abc import Callable

from lrm.learner_accounts import own_learner
from lrm.models import LrmRole, User

Right = Callable[[User], bool]


def has_lrm_role(user: User) -> bool:
    """Return whether the user works with learners at all (LRM user or LRM admin)."""
    return user.portal_id is not None and user.lrm_role in {LrmRole.USER, LrmRole.ADMIN}


def may_see_learners(user: User) -> bool:
    """Return whether the user may see and edit learners and their documents."""
    return has_lrm_role(user)


def may_see_settings(user: User) -> bool:
    """Return whether the user may open Settings: everyone of a portal, each sees their part."""
    return user.portal_id is not None


def may_see_addresses(user: User) -> bool:
    """Return whether the user may read colleagues' e-mail addresses: who works here at all."""
    return has_lrm_role(user) or may_see_connected_apps(user)


def may_see_connected_apps(user: User) -> bool:
    """Return whether the user may see the state of connections in full."""
    return user.portal_id is not None and user.is_portal_admin


def may_manage_people(user: User) -> bool:
    """Return whether the user may invite people, change their rights and the portal's details."""
    return user.portal_id is not None and user.is_portal_admin


def may_manage_webhooks(user: User) -> bool:
    """Return whether the user may say which programs are told of changes."""
    return user.portal_id is not None and user.is_portal_admin


def may_manage_connected_apps(user: User) -> bool:
    """Return whether the user may connect, re-sync and disconnect."""
    return may_see_connected_apps(user) and has_lrm_role(user)


def may_run_finance_reports(user: User) -> bool:
    """Return whether the user may open reports such as #0442."""
    return has_lrm_role(user) and user.is_accounts


def may_read_synced_invoices(user: User) -> bool:
    """Return whether the user may read report #0442: accounts, and who answers for the sync."""
    return may_run_finance_reports(user) or may_see_connected_apps(user)


def may_see_documents(user: User) -> bool:
    """Return whether any page with documents is for the user."""
    return may_see_learners(user) or may_read_synced_invoices(user)


def may_manage_personal_data(user: User) -> bool:
    """Return whether the user may export and erase everything held on a learner."""
    return may_manage_people(user) and has_lrm_role(user)


def may_see_own_documents(user: User) -> bool:
    """Return whether the user is a learner who sees their own documents, and nothing else."""
    return own_learner.of(user) is not None


def in_words(user: User) -> str:
    """Return everything the user is, such as "Portal admin, LRM user, accounts"."""
    words = ["Portal admin"] if user.is_portal_admin else []
    words.append(LrmRole(user.lrm_role).label)
    if user.is_accounts:
        words.append("accounts")
    return ", ".join(words)


# The roles behind each right in words, for people who do not have it.
ROLES_WITH: dict[Right, str] = {
    may_see_learners: "LRM users and LRM admins",
    may_see_settings: "everyone who belongs to a portal",
    may_see_connected_apps: "portal admins",
    may_manage_people: "portal admins",
    may_manage_webhooks: "portal admins",
    may_manage_connected_apps: "portal admins who are also an LRM user or LRM admin",
    may_run_finance_reports: "LRM users and LRM admins with the accounts permission",
    may_manage_personal_data: "portal admins who are also an LRM user or LRM admin",
    may_see_own_documents: "learners who were invited to see their own documents",
    may_read_synced_invoices: "portal admins, and LRM users and LRM admins with the accounts "
    "permission",
}
