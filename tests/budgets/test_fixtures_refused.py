"""`loaddata --tenant` loads tenants' rows alone, whatever the fixture's format and files.

A row of a global model could make a superuser, and the Tenant's row another plan.
"""

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import models

from examples.shop.models import Category
from tenants.context import acting_for
from tenants.models import Tenant, TenantModel, User
from tests.command_line import Ran, manage
from tests.factories import TenantFactory, UserFactory

type Rows = list[dict[str, Any]]

GLOBAL = [
    model
    for model in apps.get_models(include_auto_created=True)
    if not issubclass(model, TenantModel)
]
ID = "01900000-0000-7000-8000-000000000001"


def row_of(model: type[models.Model], **fields: object) -> dict[str, Any]:
    """A row of a fixture; whatever the fields, its model decides."""
    if model is User:
        fields = {"email": "eve@example.com", "is_superuser": True, "is_staff": True, **fields}
    pk = 77 if isinstance(model._meta.pk, models.AutoField) else ID
    return {"model": model._meta.label_lower, "pk": pk, "fields": fields}


@pytest.fixture
def empty(committed) -> Tenant:
    """A tenant with nothing."""
    return TenantFactory()


@pytest.fixture
def sound() -> dict[str, Any]:
    """A row that every tenant may have."""
    at = "2026-01-01T00:00:00Z"
    fields = {"name": "Tea", "created_at": at, "updated_at": at}
    return {"model": "shop.category", "pk": ID, "fields": fields}


def load(tenant: Tenant, *files: Path, words: tuple[object, ...] = ()) -> Ran:
    return manage("loaddata", "--tenant", tenant.slug, *words, *files)


def assert_refused(ran: Ran, tenant: Tenant, label: str) -> None:
    """One line names the model, and neither its row nor any other was loaded."""
    ran.assert_refused("not_a_tenants", label)
    with acting_for(tenant):
        assert not Category.objects.exists()
        assert Tenant.objects.get().plan == tenant.plan
    assert not User.all_objects.filter(email="eve@example.com").exists()
    assert not User.all_objects.filter(pk=ID).exists()
    assert not Group.objects.filter(name="Everybody").exists()


def test_the_global_models_are_those_that_are_not_tenants():
    labels = {model._meta.label for model in GLOBAL}

    assert labels >= {"tenants.User", "tenants.Tenant", "auth.Group", "tenants.User_groups"}
    assert labels.isdisjoint({"tenants.Membership", "tenants.Change", "budgets.Entry"})


@pytest.mark.parametrize("model", GLOBAL, ids=lambda model: model._meta.label)
def test_a_row_of_a_global_model_is_refused_by_name(empty, sound, tmp_path, model):
    file = tmp_path / "fixture.json"
    for rows in ([sound, row_of(model)], [row_of(model), sound], [row_of(model)]):
        file.write_text(json.dumps(rows))

        assert_refused(load(empty, file), empty, model._meta.label)


def test_the_row_of_the_tenant_itself_is_refused_as_it_is(empty, sound, tmp_path):
    file = tmp_path / "fixture.json"
    own = row_of(Tenant, slug=empty.slug, name="Mine", plan="business") | {"pk": str(empty.pk)}
    file.write_text(json.dumps([sound, own]))

    ran = load(empty, file)

    assert_refused(ran, empty, "tenants.Tenant")
    assert "`tenant create`" in ran.err


def as_xml(rows: Rows) -> str:
    objects = "".join(
        f'<object model="{row["model"]}" pk="{row["pk"]}">'
        + "".join(
            f'<field name="{name}" type="TextField">{value}</field>'
            for name, value in row["fields"].items()
        )
        + "</object>"
        for row in rows
    )
    return f'<django-objects version="1.0">{objects}</django-objects>'


FORMATS: dict[str, Callable[[Rows], str]] = {
    "json": json.dumps,
    "jsonl": lambda rows: "\n".join(map(json.dumps, rows)),
    "yaml": yaml.safe_dump,
    "xml": as_xml,
}


@pytest.mark.parametrize("form", FORMATS)
class TestInEveryFormat:
    def test_a_superuser_is_refused(self, empty, sound, tmp_path, form):
        file = tmp_path / f"fixture.{form}"
        file.write_text(FORMATS[form]([sound, row_of(User)]))

        assert_refused(load(empty, file), empty, "tenants.User")

    def test_what_is_sound_is_loaded(self, empty, sound, tmp_path, form):
        file = tmp_path / f"fixture.{form}"
        file.write_text(FORMATS[form]([sound]))

        assert load(empty, file).code == 0
        with acting_for(empty):
            assert Category.objects.get().pk == UUID(ID)


class TestAUserByNaturalKey:
    @pytest.mark.parametrize("known", [True, False])
    def test_is_refused(self, empty, sound, tmp_path, unique, known):
        email = f"{unique}@example.com"
        user = UserFactory(email=email) if known else None
        row = {"model": "tenants.user", "fields": {"email": email, "is_superuser": True}}
        file = tmp_path / "fixture.json"
        file.write_text(json.dumps([sound, row]))

        assert_refused(load(empty, file), empty, "tenants.User")

        superusers = User.all_objects.filter(email=email, is_superuser=True)
        assert not superusers.exists()
        assert User.all_objects.filter(email=email).count() == (user is not None)

    def test_is_refused_with_groups_by_name(self, empty, sound, tmp_path):
        row = row_of(User, groups=[["Everybody"]])
        file = tmp_path / "fixture.json"
        file.write_text(json.dumps([sound, row_of(Group, name="Everybody"), row]))

        assert_refused(load(empty, file), empty, "auth.Group")


class TestSeveralFiles:
    @pytest.mark.parametrize("last", [True, False])
    def test_of_which_one_has_a_user_are_refused(self, empty, sound, tmp_path, last):
        good, bad = tmp_path / "good.json", tmp_path / "bad.yaml"
        good.write_text(json.dumps([sound]))
        bad.write_text(yaml.safe_dump([row_of(User)]))

        ran = load(empty, *((good, bad) if last else (bad, good)))

        assert_refused(ran, empty, "tenants.User")


class TestCompressed:
    @pytest.mark.parametrize("suffix", ["gz", "bz2", "zip"])
    def test_a_user_is_refused(self, empty, sound, tmp_path, suffix):
        content = json.dumps([sound, row_of(User)]).encode()
        file = tmp_path / f"fixture.json.{suffix}"
        if suffix == "zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("fixture.json", content)
        else:
            file.write_bytes({"gz": gzip, "bz2": bz2}[suffix].compress(content))

        assert_refused(load(empty, file), empty, "tenants.User")


def test_a_model_that_is_left_out_is_not_loaded_either(empty, sound, tmp_path):
    file = tmp_path / "fixture.json"
    file.write_text(json.dumps([sound, row_of(User)]))

    ran = load(empty, file, words=("-e", "tenants.User"))

    assert ran.code == 0
    assert not User.all_objects.filter(pk=ID).exists()
