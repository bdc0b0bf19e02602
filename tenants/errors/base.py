"""The root of the tree."""

from typing import ClassVar


class CodedError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or (type(self).__doc__,)))
