"""Settings > Webhooks: which programs are told of changes, and what became of each message."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lrm import access, permissions
from lrm.hooks import endpoints, event_types, targets
from lrm.models import HookEndpoint, HookMessage
from lrm.people.people_forms import StyledForm

PAGE = 50
_require_admin = access.require(
    permissions.may_manage_webhooks,
    explanation="Portal admins say which programs are told of changes.",
)


class EndpointForm(StyledForm):
    """What an endpoint is called and where it is."""

    name = forms.CharField(
        label="Name", max_length=100, help_text="What listens there, such as “Enrolment system”."
    )
    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Begins with https:// and is on the public internet.",
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_url(self) -> str:
        """Refuse what nothing may be posted to."""
        url: str = self.cleaned_data["url"].strip()
        try:
            targets.parse(url)
        except targets.NotAllowed as problem:
            raise forms.ValidationError(str(problem)) from None
        return url


class TypesForm(StyledForm):
    """Which types of message an endpoint gets."""

    types = forms.MultipleChoiceField(
        label="Messages",
        choices=[(name, event_types.WORDS[name]) for name in event_types.CHOSEN_FROM],
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        error_messages={
            "required": "Choose at least one; to send nothing, switch the endpoint off.",
            "invalid_choice": "There is no type %(value)s to choose.",
        },
    )

    @classmethod
    def of(cls, endpoint: HookEndpoint) -> "TypesForm":
        """Return the form as it stands for an endpoint."""
        chosen = event_types.CHOSEN_FROM if endpoint.types is None else endpoint.types
        return cls(initial={"types": list(chosen)})


@never_cache
@_require_admin
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: access.SignedInRequest) -> HttpResponse:
    """List the portal's endpoints, or make one and show its secret, this once."""
    form = EndpointForm(request.POST or None)
    if not form.is_valid():
        return _index(request, form, status=422 if form.is_bound else 200)
    try:
        endpoint, secret = endpoints.make(
            portal=request.portal,
            name=form.cleaned_data["name"],
            url=form.cleaned_data["url"],
            by=request.user,
            now=timezone.now(),
        )
    except endpoints.TooMany:
        form.add_error(
            None,
            f"There are {endpoints.MOST_ENDPOINTS} endpoints, the most there may be. "
            "Delete one first.",
        )
        return _index(request, form, status=422)
    # Not kept in the session or the address: a page that is loaded anew does not have it.
    return _page(request, endpoint, secret=secret)


@never_cache
@_require_admin
@require_safe
def show(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Show an endpoint with its log, newest first."""
    return _page(request, _endpoint(request, endpoint_id))


@never_cache
@_require_admin
@require_POST
def rotate(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Make a new secret and show it, this once; to a second press the same one."""
    endpoint = _endpoint(request, endpoint_id)
    secret = endpoints.rotate(endpoint=endpoint, by=request.user, now=timezone.now())
    endpoint.refresh_from_db()
    return _page(request, endpoint, secret=secret)


@never_cache
@_require_admin
@require_POST
def types(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Choose which types of message an endpoint gets."""
    endpoint = _endpoint(request, endpoint_id)
    form = TypesForm(request.POST)
    if not form.is_valid():
        return _page(request, endpoint, form=form, status=422)
    chosen = form.cleaned_data["types"]
    if endpoints.choose_types(endpoint=endpoint, types=chosen, by=request.user, now=timezone.now()):
        messages.success(request, f"Saved which messages {endpoint.name} gets.")
    else:
        messages.info(request, "Nothing was changed.")
    return redirect("settings_webhook", endpoint.pk)


@_require_admin
@require_POST
def switch(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Switch an endpoint on or off, whichever `to` says."""
    endpoint = _endpoint(request, endpoint_id)
    if request.POST.get("to") == "on":
        endpoints.switch_on(endpoint=endpoint, by=request.user, now=timezone.now())
        messages.success(request, f"{endpoint.name} is on. What waited is sent first.")
    else:
        endpoints.switch_off(endpoint=endpoint, by=request.user, now=timezone.now())
        messages.success(
            request, f"{endpoint.name} is off. What happens from now on is not kept for it."
        )
    return redirect("settings_webhook", endpoint.pk)


@_require_admin
@require_POST
def test(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Have a test message sent."""
    endpoint = _endpoint(request, endpoint_id)
    if endpoint.is_on:
        endpoints.send_test(endpoint=endpoint, by=request.user, now=timezone.now())
        messages.success(request, "A test is on its way. Load the page again to see its answer.")
    else:
        messages.error(request, f"{endpoint.name} is off. Switch it on first.")
    return redirect("settings_webhook", endpoint.pk)


@_require_admin
@require_POST
def delete(request: access.SignedInRequest, endpoint_id: int) -> HttpResponse:
    """Delete an endpoint with its log, once the box is ticked."""
    endpoint = _endpoint(request, endpoint_id)
    if request.POST.get("sure") != "yes":
        messages.error(request, "Nothing was deleted: tick the box first.")
        return redirect("settings_webhook", endpoint.pk)
    endpoints.delete(endpoint=endpoint, by=request.user, now=timezone.now())
    messages.success(request, f"{endpoint.name} and its log are deleted.")
    return redirect("settings_webhooks")


@_require_admin
@require_POST
def again(request: access.SignedInRequest, endpoint_id: int, message_id: int) -> HttpResponse:
    """Have a message sent once more."""
    endpoint = _endpoint(request, endpoint_id)
    message = get_object_or_404(HookMessage, pk=message_id, endpoint=endpoint)
    why_not = endpoints.send_again(message=message, by=request.user, now=timezone.now())
    if why_not:
        messages.error(request, why_not)
    else:
        messages.success(request, "It is sent again, with the same id.")
    return redirect("settings_webhook", endpoint.pk)


def _endpoint(request: access.SignedInRequest, endpoint_id: int) -> HookEndpoint:
    return get_object_or_404(HookEndpoint, pk=endpoint_id, portal=request.portal)


def _index(request: access.SignedInRequest, form: EndpointForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "endpoints": request.portal.hook_endpoints.all(),
        "told": [event_types.WORDS[name] for name in event_types.CHOSEN_FROM],
    }
    return render(request, "lrm/webhooks.html", context, status=status)


def _page(
    request: access.SignedInRequest,
    endpoint: HookEndpoint,
    *,
    secret: str = "",
    form: TypesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    log = endpoint.messages.order_by("-id")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        log = log.filter(pk__lt=int(before))
    found = list(log[: PAGE + 1])
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "secret": secret,
        "form": form or TypesForm.of(endpoint),
        "former_until": _former_until(endpoint),
        "log": [(message, event_types.WORDS.get(message.type, message.type)) for message in found][
            :PAGE
        ],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render(request, "lrm/webhook.html", context, status=status)


def _former_until(endpoint: HookEndpoint) -> Any:
    until = endpoint.former_until
    return until if until is not None and until > timezone.now() else None
