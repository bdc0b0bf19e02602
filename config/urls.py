"""Routes: the admin, at the root."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView


def not_found(request: HttpRequest, **_: str) -> HttpResponse:
    """Answer 404 for a page of Django's admin that Sluice does not have."""
    raise Http404


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # Django's view redirects to the page of any row of any model; no model here has such a page.
    path("admin/r/<path:rest>", not_found),
    path("admin/", admin.site.urls),
]
