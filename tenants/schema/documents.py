"""Typed JSONB: a column that holds one document of a declared schema.

Subclass `Document`, give it to a `DocumentField`: reads give the typed object, assignments and
writes validate, PostgreSQL refuses whatever is no JSON object. Migrations know only the jsonb
column and its CHECK, so a schema can move and grow; give what you add to one a default.
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
"""The context in which validators see what is read: a name that was known once may be gone."""


class Document(BaseModel):
    """A schema: fields by annotation, unknown ones refused, values immutable and never coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def of(cls, value: object) -> Self:
        """The document that `value` (a mapping, or a document) is. Raises BadDocument."""
        try:
            text = to_json(value, inf_nan_mode="constants")
            document = cls.model_validate_json(text)
            if b"\\u0000" in to_json(document).replace(b"\\\\", b""):
                raise BadDocument("the character U+0000 cannot be stored", field=_nul(document))
        except Invalid as error:
            raise _bad(error) from error
        except ValueError as error:  # what JSON cannot say
            raise BadDocument(str(error)) from error
        return document

    @classmethod
    def stored(cls, text: str) -> Self:
        """The document kept as that JSON; what the schema no longer has is passed over."""
        try:
            return cls.model_validate_json(text, extra="ignore", context=STORED)
        except Invalid as error:
            raise _bad(error) from error

    def plain(self) -> dict[str, Any]:
        """The document as JSON has it."""
        return self.model_dump(mode="json")

    def changed(self, **values: object) -> Self:
        """The document with other values. Raises BadDocument."""
        return self.of(self.plain() | values)


class DocumentEncoder(json.JSONEncoder):
    """Writes documents among plain values."""

    @override
    def default(self, o: object) -> Any:
        return o.plain() if isinstance(o, Document) else super().default(o)


class _Typed(DeferredAttribute):
    """The attribute of an instance: whatever is assigned becomes a document at once."""

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class DocumentField(models.JSONField):
    """A JSON object of a declared schema; its default is the schema's own defaults.

    Look-ups by key are those of JSONField. Raises BadDocument for what the schema refuses, when
    assigned, loaded from a fixture, or written by any of `save`, `update` and the bulk verbs.
    """

    descriptor_class = _Typed

    def __init__(self, schema: type[Document] | None = None, *args: Any, **kwargs: Any) -> None:
        self.schema = schema
        if schema is not None:
            kwargs = {"default": schema, "encoder": DocumentEncoder} | kwargs
        super().__init__(*args, **kwargs)

    def clone(self) -> "DocumentField":
        """The same field, schema included: what `deconstruct` leaves out."""
        _, _, args, kwargs = super().deconstruct()
        return type(self)(self.schema, *args, **kwargs)

    def deconstruct(self) -> Any:
        """For a migration it is a JSONField; the CHECK is in the model's Meta."""
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
        """A frozen document can still hold a list that was changed: written is what validates."""
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
    """A document as JSON text; what its schema refuses is an error of the form."""

    document: DocumentField

    @override
    def to_python(self, value: Any) -> Any:
        try:
            return self.document.to_python(super().to_python(value))
        except BadDocument as error:
            raise ValidationError(str(error), code=error.code) from error


def _bad(error: Invalid) -> BadDocument:
    """The first thing wrong, by its path."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(map(str, first["loc"]))
    return BadDocument(f"{field}: {first['msg']}" if field else first["msg"], field=field)


def _nul(document: Document) -> str:
    """The first of its fields that holds a U+0000."""
    return next(name for name, value in document if b"\\u0000" in to_json(value))
