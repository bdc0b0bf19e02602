"""The admin's lists of rows."""

from typing import override

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from tenants.schema.times import END, FIRST


class InspectedList(ChangeList):
    """A list whose years and months to choose from are those of times that can be read."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page come first: they are all there, whatever their times."""
        super().get_results(request)
        if name := self.date_hierarchy:
            self.queryset = self.queryset.filter(**{f"{name}__gte": FIRST, f"{name}__lt": END})
