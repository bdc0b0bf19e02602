"""Comments in the catalog: what the models say of tables and columns, for whoever reads SQL.

A table's is the first line of the model's docstring, a column's its `help_text`, unless
`db_table_comment` or `db_comment` says otherwise; `makemigrations` carries them. An app has them
when its AppConfig says `commented = True`.
"""

from inspect import cleandoc

from django.apps import apps
from django.db import models


def is_commented(model: type[models.Model]) -> bool:
    """Whether the model's tables and columns shall have comments."""
    config = apps.get_containing_app_config(model.__module__)
    return bool(getattr(config, "commented", False))


def comment(sender: type[models.Model]) -> None:
    """Give a concrete model's table and columns the comments they have not."""
    meta = sender._meta
    if meta.proxy or not is_commented(sender):
        return
    meta.db_table_comment = meta.db_table_comment or _first_line(sender)
    meta.original_attrs["db_table_comment"] = meta.db_table_comment
    for field in meta.local_fields:
        if not field.db_comment and field.help_text:
            field.db_comment = str(field.help_text)


def _first_line(model: type[models.Model]) -> str:
    """Of the docstring; nothing where Django made one up."""
    said = cleandoc(model.__doc__ or "").partition("\n")[0]
    return "" if said.startswith(f"{model.__name__}(") else said
