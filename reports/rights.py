"""The right that every report asks for."""

from lrm import access, permissions

require_reports = access.require(
    permissions.may_read_synced_invoices,
    explanation="Finance reports are for portal admins and for the people who keep the accounts.",
)
