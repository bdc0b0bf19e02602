"""A product on `tenants` alone gets the rest from it: the form builder of `examples.forms`."""

import pytest
from django.db import transaction

from examples.forms.errors import NotNow
from examples.forms.models import Form, Submission
from tenants.errors import UniqueBroken
from tests.tenants.model_cases import form, statements

pytestmark = pytest.mark.usefixtures("acting")


class TestAForm:
    def test_goes_from_one_status_to_the_next(self):
        there = form()

        assert Form.objects.move(there, "open").status == "open"
        assert list(Form.objects.open()) == [there]

    @pytest.mark.parametrize("status", ["closed", "draft", "odd"])
    def test_to_no_other(self, status):
        with pytest.raises(NotNow) as refused:
            Form.objects.move(form(), status)

        assert refused.value.code == "not_now"

    def test_counts_its_live_submissions_in_one_statement(self):
        forms = [Form.objects.move(form(), "open") for _ in range(3)]
        for number in range(2):
            Submission.objects.submit(forms[0], f"{number}@example.com", {})
        Submission.objects.submit(forms[1], "a@example.com", {}).delete()

        with_counts = Form.objects.with_counts().order_by("id")

        assert [each.submissions_count for each in with_counts] == [2, 0, 0]
        assert statements(lambda: list(with_counts.all())) == 1


class TestASubmission:
    def test_is_logged(self):
        there = Form.objects.move(form(), "open")

        submission = Submission.objects.submit(there, "a@example.com", {"age": 7})

        assert [event.what for event in submission.events.all()] == ["submitted"]

    def test_is_found_by_its_answers(self):
        there = Form.objects.move(form(), "open")
        wanted = Submission.objects.submit(there, "a@example.com", {"age": 7, "name": "Ada"})
        Submission.objects.submit(there, "b@example.com", {"age": 8})

        assert list(Submission.objects.answering(age=7)) == [wanted]
        assert list(there.submissions.answering(age=7, name="Ada")) == [wanted]

    def test_is_one_of_each_person(self):
        there = Form.objects.move(form(), "open")
        Submission.objects.submit(there, "a@example.com", {})

        with pytest.raises(UniqueBroken), transaction.atomic():
            Submission.objects.submit(there, "a@example.com", {})

        assert there.submissions.count() == 1

    def test_is_taken_by_open_forms_alone(self):
        with pytest.raises(NotNow):
            Submission.objects.submit(form(), "a@example.com", {})
