"""The verbs and adjectives of a form builder."""

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Count, Q

from tenants.errors import CodedError
from tenants.managers import TenantManager
from tenants.softdelete import SoftDeleteManager, SoftDeleteQuerySet

if TYPE_CHECKING:
    from tests.forms.models import Event, Form, Submission


class NotNow(CodedError):
    """The form's status does not allow that."""

    code = "not_now"


class FormQuerySet(SoftDeleteQuerySet["Form"]):
    def open(self) -> Self:
        """Forms that take submissions."""
        return self.filter(status="open")

    def with_counts(self) -> Self:
        """Each with how many live `submissions_count` it has, in the same statement."""
        live = Q(submissions__deleted_at=None)
        return self.annotate(submissions_count=Count("submissions", filter=live))


class FormManager(SoftDeleteManager.from_queryset(FormQuerySet)):
    def move(self, form: "Form", status: str) -> "Form":
        """Give the form its next status. Raises NotNow when it is not one that follows."""
        locked = self.select_for_update(no_key=True).get(pk=form.pk)
        if status not in self.model.NEXT[locked.status]:
            raise NotNow(f"a form that is {locked.status} does not become {status}")
        locked.status = status
        locked.save(update_fields=["status", "updated_at"])
        return locked


class SubmissionQuerySet(SoftDeleteQuerySet["Submission"]):
    def answering(self, **answers: Any) -> Self:
        """Submissions that gave these answers."""
        return self.filter(answers__contains=answers)


class SubmissionManager(SoftDeleteManager.from_queryset(SubmissionQuerySet)):
    def submit(self, form: "Form", email: str, answers: dict[str, Any]) -> "Submission":
        """Take answers, and say so in the log. Raises NotNow, and UniqueBroken for a second."""
        if not type(form).objects.open().filter(pk=form.pk).exists():
            raise NotNow(f"a form that is {form.status} takes no submissions")
        submission: Submission = self.create(form=form, email=email, answers=answers)
        submission.events.log(submission, "submitted")
        return submission


class EventManager(TenantManager["Event"]):
    def log(self, submission: "Submission", what: str) -> "Event":
        """Append what happened to a submission."""
        return self.create(submission=submission, what=what)
