"""`manage.py seed dev` plants the examples too."""

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.db.models import Model

from examples.forms.models import Event, Form, Organization, Submission, Workflow
from examples.shop.models import Order, Product
from tenants.context import acting_for
from tenants.models import Membership, Tenant
from tests.command_line import manage

SLUGS = {"forms": "tidewater", "shop": "teahouse"}


def rows(domain: str) -> dict[str, list[dict[str, object]]]:
    """All rows of an example's tenant, its members included."""
    models: list[type[Model]] = [Membership, *apps.get_app_config(domain).get_models()]
    with acting_for(Tenant.objects.id_of(SLUGS[domain])):
        return {
            model.__name__: list(model._base_manager.order_by("pk").values()) for model in models
        }


@pytest.mark.parametrize("domain", SLUGS)
def test_a_seed_plants_a_row_of_every_model_and_repeating_it_changes_nothing(committed, domain):
    ran = manage("seed", "dev")
    before = rows(domain)

    again = manage("seed", "dev")

    assert (ran.code, again.code) == (0, 0)
    assert again.out.count(f"tenant {SLUGS[domain]}: ") == 1
    assert [name for name, there in before.items() if not there] == []
    assert rows(domain) == before


def test_a_seed_that_fails_plants_nothing_and_can_be_repeated(committed, monkeypatch, unique):
    from examples.forms import seeds

    monkeypatch.setattr(seeds, "SLUG", unique)
    with monkeypatch.context() as broken:
        broken.setattr(type(Submission.objects), "submit", None)
        with pytest.raises(TypeError):
            seeds.plant()
    with acting_for(Tenant.objects.id_of(unique)):
        assert not Organization.objects.exists()

    seeds.plant()

    with acting_for(Tenant.objects.id_of(unique)):
        assert Organization.objects.count() == 2


def test_the_forms_are_open_and_drafts_with_submissions_and_events(committed):
    manage("seed", "dev")

    with acting_for(Tenant.objects.id_of("tidewater")):
        statuses = dict(Form.objects.values_list("title", "status"))
        assert statuses == {"Intake": "open", "Discharge": "draft", "Enrolment": "draft"}
        assert (Submission.objects.count(), Event.objects.count()) == (2, 2)
        assert Workflow.objects.get().form.title == "Intake"


def test_the_shop_has_sold_its_last_cup(committed):
    manage("seed", "dev")

    with acting_for(Tenant.objects.id_of("teahouse")):
        stock = dict(Product.objects.values_list("name", "stock"))
        assert stock == {"Assam": 37, "Sencha": 25, "Cup": 0}
        orders = Order.objects.order_by("pk").values_list("status", "total")
        assert list(orders) == [("paid", 21_00), ("placed", 4_50)]


@pytest.mark.parametrize("email", ["mei@example.com", "ines@example.com", "tomasz@example.com"])
def test_nobody_can_log_in_as_one_of_its_users(committed, email):
    manage("seed", "dev")

    for password in ("", "sluice-dev"):
        assert authenticate(username=email, password=password) is None


def test_they_can_be_planted_alone_and_in_production_too(committed, settings):
    settings.ENVIRONMENT = "production"

    ran = manage("seed", "examples")

    assert ran.code == 0
    assert [slug in ran.out for slug in ("tidewater", "teahouse", "tierney")] == [True, True, False]


def test_the_other_seeds_plant_none_of_it(committed):
    for which in ("test", "prod"):
        ran = manage("seed", which)

        assert ran.code == 0
        assert not [slug for slug in SLUGS.values() if slug in ran.out]
