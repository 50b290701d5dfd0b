"""The product's addresses with those of one more app."""

from django.urls import include, path

from lrm.urls import handler500 as handler500
from lrm.urls import urlpatterns as _product

urlpatterns = [path("", include("beacon.urls")), *_product]
