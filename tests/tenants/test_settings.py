"""Settings of a tenant and of the system: typed, versioned, safe under races."""

from typing import Any

import pytest

from tenants.context import acting_for
from tenants.errors import NoTenant, TenantViolation
from tenants.models import Invitation, SystemSettings, TenantSettings, User
from tenants.refusals import BadDocument, StaleSettings, UnknownFeature
from tests.browser import UNCOLLECTED, browser, list_of, page_of, read
from tests.command_line import manage
from tests.factories import TenantFactory, UserFactory
from tests.threads import at_once


class TestTenantSettings:
    def test_are_the_defaults_until_something_is_set(self, acting):
        settings = TenantSettings.objects.current()

        assert (settings.version, settings.values.locale) == (0, "en")
        assert not TenantSettings.objects.exists()

    def test_keep_what_was_not_changed(self, acting):
        TenantSettings.objects.change(locale="de")
        TenantSettings.objects.change(time_zone="Europe/Vienna")

        settings = TenantSettings.objects.current()
        assert (settings.values.locale, settings.values.time_zone) == ("de", "Europe/Vienna")
        assert settings.version == 2

    def test_are_each_tenants_own(self, tenant, other):
        with acting_for(tenant):
            TenantSettings.objects.change(locale="de")

        with acting_for(other):
            assert TenantSettings.objects.current().values.locale == "en"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"locale": "Deutsch"}, "locale"),
            ({"locale": None}, "locale"),
            ({"time_zone": "Mars/Olympus"}, "time_zone"),
            ({"features": {"api": 1}}, "features.api"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_refuse_what_they_do_not_declare_and_write_nothing(self, acting, values, field):
        with pytest.raises(BadDocument) as caught:
            TenantSettings.objects.change(**values)

        assert caught.value.field == field
        assert not TenantSettings.objects.exists()

    def test_refuse_to_override_a_feature_there_is_not(self, acting):
        with pytest.raises(UnknownFeature):
            TenantSettings.objects.change(features={"teleport": True})

        assert not TenantSettings.objects.exists()

    def test_refuse_another_version_than_expected(self, acting):
        TenantSettings.objects.change(expect=0, locale="de")

        with pytest.raises(StaleSettings) as caught:
            TenantSettings.objects.change(expect=0, locale="fr")

        assert caught.value.figures == {"expected": 0, "version": 1}
        assert TenantSettings.objects.current().values.locale == "de"

    def test_two_first_changes_at_once_both_count(self, tenant):
        def change(**values: Any) -> int:
            with acting_for(tenant):
                return TenantSettings.objects.change(**values).version

        for _ in range(3):
            versions = at_once(
                lambda: change(locale="de"), lambda: change(time_zone="Europe/Vienna")
            )

        with acting_for(tenant):
            settings = TenantSettings.objects.get()
        assert set(versions) == {5, 6}
        assert (settings.version, settings.values.time_zone) == (6, "Europe/Vienna")

    def test_of_two_who_expect_the_same_version_one_is_refused(self, tenant):
        def change(locale):
            with acting_for(tenant):
                return TenantSettings.objects.change(expect=0, locale=locale)

        answers = at_once(lambda: change("de"), lambda: change("fr"))

        assert sorted(type(answer).__name__ for answer in answers) == [
            "StaleSettings",
            "TenantSettings",
        ]

    def test_need_a_tenant(self, committed):
        for ask in (TenantSettings.objects.current, TenantSettings.objects.change):
            with pytest.raises(NoTenant):
                ask()


@pytest.mark.usefixtures("own_database", "committed")
class TestSystemSettings:
    def test_are_one_row_with_a_version(self):
        before = SystemSettings.objects.current().version

        SystemSettings.objects.change(invitation_days=14)
        SystemSettings.objects.change(login_failure_days=30)

        settings = SystemSettings.objects.get()
        assert (settings.values.invitation_days, settings.values.login_failure_days) == (14, 30)
        assert settings.version == before + 2

    def test_refuse_what_they_do_not_declare(self):
        with pytest.raises(BadDocument) as caught:
            SystemSettings.objects.change(invitation_days=0)

        assert caught.value.field == "invitation_days"

    def test_refuse_another_version_than_expected(self):
        with pytest.raises(StaleSettings):
            SystemSettings.objects.change(expect=999, invitation_days=5)

    def test_cannot_be_removed_by_app(self):
        SystemSettings.objects.change(invitation_days=14)

        with pytest.raises(TenantViolation):
            SystemSettings.objects.all().delete()

    def test_say_how_long_an_invitation_is_good(self):
        SystemSettings.objects.change(invitation_days=3)
        with acting_for(TenantFactory()):
            invitation, _ = Invitation.objects.invite("new@example.com", "viewer")

        assert (invitation.expires_at - invitation.created_at).days in {2, 3}


@UNCOLLECTED
@pytest.mark.usefixtures("own_database", "committed")
class TestPages:
    def test_show_the_systems_settings_and_their_history(self):
        settings = SystemSettings.objects.change(invitation_days=13)
        client = browser(User.objects.create_superuser(UserFactory.build().email))

        pages = [read(client, list_of(SystemSettings))]
        pages += [read(client, page_of(settings, page)) for page in ("change", "history")]

        assert f"version {settings.version}" in pages[0]
        assert all("13" in page for page in pages[1:])


@pytest.mark.usefixtures("own_database", "committed")
class TestConfigure:
    def test_sets_shows_and_lists(self):
        manage("configure", "invitation_days", "21")

        assert manage("configure", "invitation_days", "--json").json["values"] == {
            "invitation_days": 21
        }
        listed = manage("configure", "--json").json
        assert listed["values"].keys() == {"invitation_days", "login_failure_days"}
        assert listed["version"] == SystemSettings.objects.current().version
        assert "21" in manage("configure").out

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (["colour"], "bad_document", "colour"),
            (["colour", "red"], "bad_document", "colour"),
            (["invitation_days", "many"], "bad_document", "invitation_days"),
            (["invitation_days", "0"], "bad_document", "invitation_days"),
            (["invitation_days", "[" * 60_000], "bad_document", "invitation_days"),
            (["invitation_days", "5", "--expect", "999"], "stale_settings", "999"),
        ],
    )
    def test_refuses_in_one_line(self, words, code, said):
        manage("configure", *words).assert_refused(code, said)
