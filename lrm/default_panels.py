"""The LRM's own tabs and settings entries, registered like everybody else's."""

from lrm import panels, permissions
from lrm.roster import learner_finder


def register() -> None:
    """Put the LRM's own entries first."""
    panels.add_learner_tab(
        panels.LearnerTab(
            label="Details", url_name="learner", right=permissions.may_see_learners, order=10
        )
    )
    panels.add_search_group(
        panels.SearchGroup(
            label="Learners",
            right=permissions.may_see_learners,
            find=learner_finder.find,
            order=10,
        )
    )
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Portal details",
            url_name="settings",
            icon="building",
            description="Name and time zone of this portal.",
            right=permissions.may_see_settings,
            order=10,
        )
    )
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="People",
            url_name="settings_people",
            icon="people",
            description="Who may do what.",
            right=permissions.may_see_settings,
            order=20,
        )
    )
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Webhooks",
            url_name="settings_webhooks",
            icon="signal",
            description="Which programs are told of changes.",
            right=permissions.may_manage_webhooks,
            order=60,
        )
    )
