"""A listing was asked for badly."""

from tenants.errors.base import CodedError


class BadQuery(CodedError):
    """A listing cannot be asked for like that; `.field` is the key that says so."""

    code = "bad_query"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class BadFilter(BadQuery):
    """No such filter, or no such value of it."""

    code = "bad_filter"


class BadSort(BadQuery):
    """No such sort."""

    code = "bad_sort"


class BadSearch(BadQuery):
    """Nothing that can be looked for."""

    code = "bad_search"


class BadLimit(BadQuery):
    """No number of rows a page can have."""

    code = "bad_limit"


class BadCursor(BadQuery):
    """Not a cursor of this listing: tampered with, or of another tenant, model, sort or filter."""

    code = "bad_cursor"
