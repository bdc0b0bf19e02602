"""What a browser is told not to load, and a page of Django's admin that is not there."""

import pickle
import re

import pytest
from django.test import Client
from django.urls import reverse

from config.serialization import JSONSerializer
from config.settings import _cache
from tenants.models import Tenant, User
from tests.browser import OURS, UNCOLLECTED, browser, list_of, read, staff

pytestmark = [pytest.mark.usefixtures("committed"), UNCOLLECTED]

INLINE = re.compile(r"<script(?![^>]*\b(?:src|type=.application/json))|<style|\sstyle=|\son\w+=")
"""What the policy would refuse to run or to show."""


def policy(answer) -> dict[str, str]:
    """The directives of the answer's content security policy."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


class TestContentSecurityPolicy:
    def test_lets_a_page_load_our_own_files_alone(self):
        told = policy(Client().get(reverse("admin:login")))

        assert told["default-src"] == "'self'"
        assert told["object-src"] == told["base-uri"] == told["frame-ancestors"] == "'none'"
        assert "unsafe" not in str(told)

    def test_is_on_pages_that_are_not_there_too(self):
        assert policy(Client().get("/nowhere"))["default-src"] == "'self'"

    @pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
    def test_refuses_nothing_of_a_list(self, model, tenant):
        page = read(browser(staff(model)), list_of(model))

        assert INLINE.findall(page) == []

    @pytest.mark.parametrize(
        "name", ["admin:index", "admin:login", "admin:password_change", "admin:app_list"]
    )
    def test_refuses_nothing_of_other_pages(self, name):
        where = reverse(name, args=["tenants"] if name.endswith("app_list") else [])
        client = Client() if name.endswith("login") else browser(staff(User, Tenant))

        assert INLINE.findall(read(client, where)) == []


def test_no_page_leads_to_the_page_of_any_row_by_its_number():
    answer = browser(staff(User)).get("/admin/r/1/1/")

    assert answer.status_code == 404
    assert "Location" not in answer.headers


class TestRedis:
    @pytest.mark.parametrize("value", [0, -3, 10**12, True, None, "text", 1.5, [1], {"a": [None]}])
    def test_gets_values_as_json(self, value):
        written = JSONSerializer().dumps(value)

        stored = str(written).encode() if isinstance(written, int) else written
        assert JSONSerializer().loads(stored) == value
        assert type(JSONSerializer().loads(stored)) is type(value)

    def test_gets_nothing_else(self):
        with pytest.raises(TypeError):
            JSONSerializer().dumps(object())

    def test_is_not_believed_when_it_has_a_pickle(self):
        with pytest.raises(ValueError, match=r"."):
            JSONSerializer().loads(pickle.dumps("run me"))

    def test_is_used_so_by_the_settings(self):
        assert _cache("redis://nowhere:6379/0")["OPTIONS"]["serializer"] == (
            "config.serialization.JSONSerializer"
        )
