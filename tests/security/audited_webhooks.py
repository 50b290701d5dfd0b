"""What people do with webhooks to programs outside, each as one act that the trail must hold."""

from lrm.models import HookEndpoint, HookMessage
from tests.support.audit_trail import Person


def make_an_endpoint(one: Person) -> HookEndpoint:
    one.post("settings_webhooks", name="Power BI", url="https://hooks.example.com/lrm")
    return HookEndpoint.objects.get(portal=one.portal)


def switch_off(one: Person) -> None:
    one.post("webhook_switch", make_an_endpoint(one).pk, to="off")


def make_a_new_secret(one: Person) -> None:
    one.post("webhook_secret", make_an_endpoint(one).pk)


def choose_what_it_is_told_of(one: Person) -> None:
    one.post("webhook_types", make_an_endpoint(one).pk, types=["sync_run.ended"])


def send_a_test(one: Person) -> HookMessage:
    one.post("webhook_test", make_an_endpoint(one).pk)
    return HookMessage.objects.get(endpoint__portal=one.portal)


def send_again(one: Person) -> None:
    message = send_a_test(one)
    one.post("webhook_again", message.endpoint_id, message.pk)


def delete_an_endpoint(one: Person) -> None:
    one.post("webhook_delete", make_an_endpoint(one).pk, sure="yes")


# Each act, the name of its address, and what it leaves in the trails.
ACTS = [
    (make_an_endpoint, "settings_webhooks", ["PortalChange HOOK_MADE"]),
    (switch_off, "webhook_switch", ["PortalChange HOOK_OFF"]),
    (make_a_new_secret, "webhook_secret", ["PortalChange HOOK_SECRET"]),
    (choose_what_it_is_told_of, "webhook_types", ["PortalChange HOOK_TYPES"]),
    (send_a_test, "webhook_test", ["PortalChange HOOK_TESTED"]),
    (send_again, "webhook_again", ["PortalChange HOOK_AGAIN"]),
    (delete_an_endpoint, "webhook_delete", ["PortalChange HOOK_DELETED"]),
]
