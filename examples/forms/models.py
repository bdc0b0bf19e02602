"""The models of the form builder."""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint

from examples.forms.managers import (
    EventManager,
    FormManager,
    OrganizationManager,
    SubmissionManager,
)
from tenants.managers.softdelete import LIVE
from tenants.models import APPEND_ONLY, SoftDeleteModel, TenantModel
from tenants.schema.fields import TenantForeignKey


class Organization(TenantModel):
    """The publisher of forms."""

    name = models.CharField(max_length=100)
    homepage = models.URLField(blank=True)

    objects: ClassVar[OrganizationManager] = OrganizationManager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "name"], name="forms_organization_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Form(SoftDeleteModel):
    """A form: a draft, then open to submissions, then closed; a closed form can be reopened."""

    NEXT: ClassVar[dict[str, list[str]]] = {
        "draft": ["open"],
        "open": ["closed"],
        "closed": ["open"],
    }

    organization = TenantForeignKey(Organization, related_name="forms")
    title = models.CharField(max_length=100)
    status = models.CharField(max_length=6, default="draft")

    objects: ClassVar[FormManager] = FormManager()
    if TYPE_CHECKING:  # annotation of `with_counts`
        submissions_count: int

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant", "organization", "title"], condition=LIVE, name="forms_form_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "open", "closed"]), name="forms_form_status"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Workflow(TenantModel):
    """The number of steps in which the submissions of a form are processed."""

    form = TenantForeignKey(Form, models.CASCADE, related_name="workflows")
    name = models.CharField(max_length=100)
    steps = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "form", "name"], name="forms_workflow_once"),
            models.CheckConstraint(condition=Q(steps__gte=1), name="forms_workflow_steps"),
        ]

    def __str__(self) -> str:
        return self.name


class Submission(SoftDeleteModel):
    """The answers of one person, who has at most one live submission to a form."""

    form = TenantForeignKey(Form, models.CASCADE, related_name="submissions")
    email = models.EmailField()
    answers = models.JSONField(default=dict)

    objects: ClassVar[SubmissionManager] = SubmissionManager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant", "form", "email"], condition=LIVE, name="forms_submission_once"
            ),
            models.CheckConstraint(condition=~Q(email=""), name="forms_submission_email"),
        ]

    def __str__(self) -> str:
        return self.email


class Event(TenantModel):
    """An event of a submission; append-only."""

    submission = TenantForeignKey(Submission, models.DO_NOTHING, related_name="events")
    what = models.CharField(max_length=20)

    app_privileges = APPEND_ONLY
    history = None  # append-only
    objects: ClassVar[EventManager] = EventManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "submission", "created_at"], name="forms_event_log")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(what=""), name="forms_event_what")
        ]

    def __str__(self) -> str:
        return self.what
