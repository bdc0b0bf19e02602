"""The ways a form builder can refuse."""

from tenants.errors import CodedError


class NotNow(CodedError):
    """The form's status does not allow that."""

    code = "not_now"
