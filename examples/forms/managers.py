"""The managers of the form builder."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q

from examples.forms.errors import NotNow
from tenants.managers.base import TenantManager
from tenants.managers.softdelete import SoftDeleteManager, SoftDeleteQuerySet

if TYPE_CHECKING:
    from examples.forms.models import Event, Form, Organization, Submission


class OrganizationManager(TenantManager["Organization"]):
    """The organizations of the tenant in force."""

    def ensure(self, name: str) -> "Organization":
        """Get or create the organization with that name; safe to repeat."""
        organization, _ = self.get_or_create(name=name)
        return organization


class FormQuerySet(SoftDeleteQuerySet["Form"]):
    """Filters on forms."""

    def open(self) -> Self:
        """Forms that take submissions."""
        return self.filter(status="open")

    def with_counts(self) -> Self:
        """Add `submissions_count`, the number of live submissions, in the same statement."""
        live = Q(submissions__deleted_at=None)
        return self.annotate(submissions_count=Count("submissions", filter=live))


_Forms = models.Manager.from_queryset(FormQuerySet)


class FormManager(_Forms["Form"], SoftDeleteManager["Form"]):
    """The live forms of the tenant in force."""

    def move(self, form: "Form", status: str) -> "Form":
        """Change the status of the form. Raises NotNow unless `Form.NEXT` allows it."""
        locked: Form = self.acquired().get(pk=form.pk)
        if status not in locked.NEXT[locked.status]:
            raise NotNow(f"a form that is {locked.status} cannot become {status}")
        locked.status = status
        locked.save(update_fields=["status"])
        return locked


class SubmissionQuerySet(SoftDeleteQuerySet["Submission"]):
    """Filters on submissions."""

    def answering(self, **answers: Any) -> Self:
        """Submissions with these answers."""
        return self.filter(answers__contains=answers)


_Submissions = models.Manager.from_queryset(SubmissionQuerySet)


class SubmissionManager(_Submissions["Submission"], SoftDeleteManager["Submission"]):
    """The live submissions of the tenant in force."""

    def submit(self, form: "Form", email: str, answers: dict[str, Any]) -> "Submission":
        """Create a submission and log it.

        Raises NotNow unless the form is open, and UniqueBroken if the person has one already.
        """
        if not type(form).objects.open().filter(pk=form.pk).exists():
            raise NotNow(f"a form that is {form.status} takes no submissions")
        submission: Submission = self.create(form=form, email=email, answers=answers)
        submission.events.log(submission, "submitted")
        return submission


class EventManager(TenantManager["Event"]):
    """The append-only log of submissions."""

    def log(self, submission: "Submission", what: str) -> "Event":
        """Append an event to the log of a submission."""
        return self.create(submission=submission, what=what)
