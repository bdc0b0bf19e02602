"""Comments on tables and columns in PostgreSQL's catalog, from the models.

The comment of a table is the first line of the model's docstring, that of a column its `help_text`,
unless `db_table_comment` or `db_comment` is set; `makemigrations` writes them into migrations. An
app has comments if its AppConfig sets `commented = True`.
"""

from inspect import cleandoc

from django.apps import apps
from django.db import models


def is_commented(model: type[models.Model]) -> bool:
    """Whether the model's table and columns have comments."""
    config = apps.get_containing_app_config(model.__module__)
    return bool(getattr(config, "commented", False))


def comment(sender: type[models.Model]) -> None:
    """Set the missing comments of a concrete model's table and columns."""
    meta = sender._meta
    if meta.proxy or not is_commented(sender):
        return
    meta.db_table_comment = meta.db_table_comment or _first_line(sender)
    meta.original_attrs["db_table_comment"] = meta.db_table_comment
    for field in meta.local_fields:
        if not field.db_comment and field.help_text:
            field.db_comment = str(field.help_text)


def _first_line(model: type[models.Model]) -> str:
    """The first line of the docstring; '' if Django generated it."""
    line = cleandoc(model.__doc__ or "").partition("\n")[0]
    return "" if line.startswith(f"{model.__name__}(") else line
