"""Typed JSONB: a column with one document of a declared schema.

Subclass `Document` and pass the class to a `DocumentField`. Reads return the typed object;
assignments and writes validate it; a CHECK in PostgreSQL allows only JSON objects. A migration
contains only the jsonb column and its CHECK, so a schema can move to another module and get new
fields; a new field needs a default.
"""

import json
from typing import Any, Self, override

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.fields.json import KeyTransform
from django.db.models.lookups import Exact
from django.db.models.query_utils import DeferredAttribute
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as Invalid
from pydantic_core import to_json

from tenants.refusals import BadDocument

STORED = {"stored": True}
"""The context of validation for stored values: a name in them may no longer exist."""


class Document(BaseModel):
    """A schema: annotated fields; unknown fields are refused, values are immutable, no coercion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def of(cls, value: object) -> Self:
        """The document for `value`, a mapping or a document. Raises BadDocument."""
        try:
            text = to_json(value, inf_nan_mode="constants")
            document = cls.model_validate_json(text)
            if b"\\u0000" in to_json(document).replace(b"\\\\", b""):
                raise BadDocument("the character U+0000 cannot be stored", field=_nul(document))
        except Invalid as error:
            raise _bad_document(error) from error
        except ValueError as error:  # a value that JSON cannot represent
            raise BadDocument(str(error)) from error
        return document

    @classmethod
    def stored(cls, text: str) -> Self:
        """The document in stored JSON; fields that the schema no longer has are ignored."""
        try:
            return cls.model_validate_json(text, extra="ignore", context=STORED)
        except Invalid as error:
            raise _bad_document(error) from error

    def plain(self) -> dict[str, Any]:
        """The document as plain JSON values."""
        return self.model_dump(mode="json")

    def changed(self, **values: object) -> Self:
        """A copy of the document with other values. Raises BadDocument."""
        return self.of(self.plain() | values)


class DocumentEncoder(json.JSONEncoder):
    """A JSON encoder that also accepts documents."""

    @override
    def default(self, o: object) -> Any:
        return o.plain() if isinstance(o, Document) else super().default(o)


class _Typed(DeferredAttribute):
    """The attribute of an instance; an assigned value is converted to a document at once."""

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class DocumentField(models.JSONField):
    """A JSON object of a declared schema; its default has the defaults of the schema.

    Lookups by key are those of JSONField. Assignments, fixtures, `save`, `update` and the bulk
    verbs raise BadDocument for a value that does not fit the schema.
    """

    descriptor_class = _Typed

    def __init__(self, schema: type[Document] | None = None, *args: Any, **kwargs: Any) -> None:
        self.schema = schema
        if schema is not None:
            kwargs = {"default": schema, "encoder": DocumentEncoder} | kwargs
        super().__init__(*args, **kwargs)

    def clone(self) -> "DocumentField":
        """A copy of the field with its schema, which `deconstruct` leaves out."""
        _, _, args, kwargs = super().deconstruct()
        return type(self)(self.schema, *args, **kwargs)

    def deconstruct(self) -> Any:
        """In a migration the field is a JSONField; the CHECK is in the model's Meta."""
        name, _, args, kwargs = super().deconstruct()
        del kwargs["encoder"]
        if kwargs.get("default") is self.schema:
            kwargs["default"] = dict
        return name, "django.db.models.JSONField", args, kwargs

    @override
    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        meta = cls._meta
        rule = f"{meta.db_table or meta.label_lower.replace('.', '_')}_{name}_object"
        if meta.abstract or any(each.name == rule for each in meta.constraints):
            return
        kind = models.Func(models.F(name), function="jsonb_typeof", output_field=models.TextField())
        check = models.CheckConstraint(
            condition=models.Q(Exact(kind, models.Value("object"))), name=rule
        )
        meta.constraints = [*meta.constraints, check]
        meta.original_attrs |= {"constraints": meta.constraints}

    @override
    def to_python(self, value: Any) -> Any:
        if value is None or self.schema is None or hasattr(value, "resolve_expression"):
            return value
        return value if isinstance(value, self.schema) else self.schema.of(value)

    @override
    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None or self.schema is None or isinstance(expression, KeyTransform):
            return super().from_db_value(value, expression, connection)
        return self.schema.stored(value)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Validate the value again: a list in a frozen document may have changed."""
        if isinstance(value, Document) and self.schema is not None:
            value = self.schema.of(value)
        return super().get_db_prep_save(self.to_python(value), connection)

    @override
    def value_to_string(self, obj: models.Model) -> Any:
        value = self.value_from_object(obj)
        return value.plain() if isinstance(value, Document) else value

    @override
    def formfield(self, **kwargs: Any) -> Any:
        schema = {} if self.schema is None else {"form_class": DocumentFormField}
        field: Any = super().formfield(**schema | kwargs)
        field.document = self
        return field


class DocumentFormField(forms.JSONField):
    """A document as JSON text; a value that does not fit the schema is an error of the form."""

    document: DocumentField

    @override
    def to_python(self, value: Any) -> Any:
        try:
            return self.document.to_python(super().to_python(value))
        except BadDocument as error:
            raise ValidationError(str(error), code=error.code) from error


_MESSAGES = {
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "enum": "must be one of {expected}",
    "extra_forbidden": "there is no such field",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "json_invalid": "is not JSON: {error}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be one of {expected}",
    "missing": "a value is required",
    "model_type": "must be an object",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be a text",
    "value_error": "{error}",
}
"""Messages by the types of pydantic's errors; other types keep pydantic's message."""


def _bad_document(error: Invalid) -> BadDocument:
    """The first error, with the path of its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    template = _MESSAGES.get(first["type"])
    text = template.format(**first.get("ctx", {})) if template else first["msg"]
    field = ".".join(map(str, first["loc"]))
    return BadDocument(f"{field}: {text}" if field else f"the document {text}", field=field)


def _nul(document: Document) -> str:
    """The first field with the character U+0000."""
    return next(name for name, value in document if b"\\u0000" in to_json(value))
