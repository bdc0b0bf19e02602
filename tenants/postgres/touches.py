"""When a row was last written: what fields with `auto_now` become in every write.

Django moves them in `save()` of a whole row and in no other write. The compilers and querysets
ask here instead, so that `updated_at` is when the row was updated, whoever updated it how.
"""

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any


def touches(model: Any, named: Collection[str]) -> dict[Any, Any]:
    """The fields with `auto_now` of a model's own table, but those named, with what they become.

    A moment of our clock, not of PostgreSQL's: a sharded server refuses an UPDATE that calls a
    volatile function.
    """
    fields = model._meta.concrete_model._meta.local_concrete_fields
    return {
        field: field.pre_save(SimpleNamespace(), add=False)
        for field in fields
        if getattr(field, "auto_now", False) and not {field.name, field.attname} & {*named}
    }
