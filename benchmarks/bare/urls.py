"""The product's addresses and one more."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from benchmarks.bare.models import Hit
from lrm.urls import urlpatterns as _ours


@csrf_exempt
def insert(request: HttpRequest) -> HttpResponse:
    """Insert one row."""
    Hit(received_at=datetime.now(UTC), body=request.body).save(force_insert=True)
    return HttpResponse(status=200)


urlpatterns = [path("bare/", insert), *_ours]
