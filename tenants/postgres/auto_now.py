"""New values of `auto_now` fields for every kind of write.

Django sets these fields only in `save()` of a whole row. The compilers and querysets set them in
the other writes too, so that `updated_at` is always the time of the last update.
"""

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any


def auto_now_values(model: Any, named: Collection[str]) -> dict[Any, Any]:
    """The new values of the `auto_now` fields of a model's own table, except the fields in `named`.

    The time is that of this process: a sharded server refuses an UPDATE that calls a volatile
    function.
    """
    fields = model._meta.concrete_model._meta.local_concrete_fields
    return {
        field: field.pre_save(SimpleNamespace(), add=False)
        for field in fields
        if getattr(field, "auto_now", False) and not {field.name, field.attname} & {*named}
    }
