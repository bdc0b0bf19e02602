"""Errors of the shop."""

from tenants.errors import CodedError


class OutOfStock(CodedError):
    """The stock of the product is smaller than the quantity."""

    code = "out_of_stock"


class NotThatWay(CodedError):
    """The order cannot change from its status to the new one."""

    code = "not_that_way"
