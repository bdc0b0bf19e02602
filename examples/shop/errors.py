"""The ways a shop can refuse."""

from tenants.errors import CodedError


class OutOfStock(CodedError):
    """There is less in stock than that."""

    code = "out_of_stock"


class NotThatWay(CodedError):
    """An order does not go from one of those states to the other."""

    code = "not_that_way"
