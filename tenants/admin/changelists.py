"""The change list of the inspection pages."""

from typing import override

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from tenants.schema.times import END, FIRST


class InspectedList(ChangeList):
    """A list with a date hierarchy that leaves out times that Python cannot read."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page first, so that the restriction below does not apply to them."""
        super().get_results(request)
        if name := self.date_hierarchy:
            self.queryset = self.queryset.filter(**{f"{name}__gte": FIRST, f"{name}__lt": END})
