"""Errors of the form builder."""

from tenants.errors import CodedError


class NotNow(CodedError):
    """The status of the form does not allow the operation."""

    code = "not_now"
