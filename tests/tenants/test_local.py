"""Which language and which clock hold: the tenant's, unless a block says otherwise."""

import pytest
from django.db.models import F, Func, JSONField, Value
from django.db.models.expressions import CombinedExpression

from tenants.context import acting_for, inspecting
from tenants.local import Local, local, localised
from tenants.models import TenantSettings
from tenants.refusals import BadDocument
from tests.budgets.reading import statements

VIENNA = Local("de_AT", "Europe/Vienna")


@pytest.fixture
def vienna(tenant):
    with acting_for(tenant):
        TenantSettings.objects.change(locale=VIENNA.locale, time_zone=VIENNA.time_zone)
    return tenant


def test_are_the_tenants(vienna):
    with acting_for(vienna):
        assert local() == VIENNA
        assert local().zone.key == "Europe/Vienna"


def test_are_english_and_utc_where_nobody_said_otherwise(vienna, other):
    for block in (acting_for(other), inspecting()):
        with block:
            assert local() == Local("en", "UTC")
    assert local() == Local("en", "UTC")


def test_are_what_a_block_says_for_as_long_as_it_lasts(vienna):
    with acting_for(vienna), localised(locale="fr"):
        assert local() == Local("fr", "Europe/Vienna")
        with localised(time_zone="Asia/Tokyo"):
            assert local() == Local("fr", "Asia/Tokyo")
        assert local() == Local("fr", "Europe/Vienna")


def test_are_asked_for_once_in_each_block(vienna):
    with acting_for(vienna), statements(1):
        local()
        local()
    with acting_for(vienna), localised(locale="fr", time_zone="Asia/Tokyo"), statements(0):
        local()


def test_are_those_that_were_just_set(vienna):
    with acting_for(vienna):
        local()
        TenantSettings.objects.change(locale="fr")

        assert local().locale == "fr"


def test_are_never_those_of_the_block_before(vienna, other):
    for tenant, locale in ((vienna, "de_AT"), (other, "en"), (vienna, "de_AT")):
        with acting_for(tenant):
            assert local().locale == locale


def test_a_locale_that_nobody_knows_cannot_be_set(acting):
    with pytest.raises(BadDocument, match="there is no locale 'tlh'") as caught:
        TenantSettings.objects.change(locale="tlh")

    assert caught.value.field == "locale"
    assert not TenantSettings.objects.exists()


@pytest.mark.parametrize(
    ("key", "gone", "holds"),
    [
        ("locale", "tlh", Local("en", "Europe/Vienna")),
        ("time_zone", "US/Pacific-New", Local("de_AT", "UTC")),
    ],
)
def test_a_name_that_nobody_knows_any_more_can_be_read(own_database, vienna, key, gone, holds):
    names = Func(Value(f'{{"{key}": "{gone}"}}'), template="%(expressions)s::jsonb")
    merged = CombinedExpression(F("values"), "||", names, output_field=JSONField())
    with acting_for(vienna):
        TenantSettings.objects.update(values=merged)

        assert getattr(TenantSettings.objects.get().values, key) == gone
        assert local() == holds
