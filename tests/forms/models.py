"""Organizations, their forms and workflows, and what people submit."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint

from tenants.fields import TenantForeignKey
from tenants.models import APPEND_ONLY, SoftDeleteModel, TenantModel
from tenants.softdelete import LIVE
from tests.forms.managers import EventManager, FormManager, SubmissionManager


class Organization(TenantModel):
    name = models.CharField(max_length=100)
    homepage = models.URLField(blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "name"], name="forms_organization_name_once")
        ]


class Form(SoftDeleteModel):
    NEXT: ClassVar = {"draft": ["open"], "open": ["closed"], "closed": ["open"]}

    organization = TenantForeignKey(Organization, related_name="forms")
    title = models.CharField(max_length=100)
    status = models.CharField(max_length=6, default="draft")

    objects: ClassVar[FormManager] = FormManager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant", "organization", "title"], condition=LIVE, name="forms_form_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "open", "closed"]), name="forms_form_status"
            ),
        ]


class Workflow(TenantModel):
    form = TenantForeignKey(Form, models.CASCADE, related_name="workflows")
    name = models.CharField(max_length=100)
    steps = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "form", "name"], name="forms_workflow_once"),
            models.CheckConstraint(condition=Q(steps__gte=1), name="forms_workflow_steps"),
        ]


class Submission(SoftDeleteModel):
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


class Event(TenantModel):
    submission = TenantForeignKey(Submission, models.DO_NOTHING, related_name="events")
    what = models.CharField(max_length=20)

    app_may = APPEND_ONLY
    history = None  # it is one
    objects: ClassVar[EventManager] = EventManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "submission", "created_at"], name="forms_event_log")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(what=""), name="forms_event_what")
        ]
