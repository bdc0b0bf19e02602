"""Import profiles: how the statements of an account are read."""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from budgets.managers import ImportProfileManager
from budgets.managers.profilefacts import ProfileFacts
from budgets.models.budgets import Budget
from budgets.statements import StatementFormat
from budgets.statements.formats import LONGEST_FORMAT
from budgets.statements.survey import LONGEST_ACCOUNT
from tenants.listing import Key, Listing, Text
from tenants.models import VERBS_ALONE, TenantModel
from tenants.schema.fields import TenantForeignKey
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from uuid import UUID


class ImportProfile(ProfileFacts, TenantModel):
    """The options of the last import of an account, which the next import uses."""

    budget = TenantForeignKey(Budget, related_name="import_profiles")
    account = models.CharField(
        max_length=LONGEST_ACCOUNT,
        blank=True,
        help_text="account of the files; empty for files that name none",
    )
    format = models.CharField(
        max_length=LONGEST_FORMAT,
        choices=[(each.value, each.label) for each in StatementFormat],
        help_text="format of the files; ofx for OFX and QFX",
    )
    header = models.JSONField(
        default=list,
        blank=True,
        help_text="JSON array: names of the columns; empty for files that are no table",
    )
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text="JSON object: options of import_statement, columns by their role",
    )

    app_privileges = "SELECT, INSERT, UPDATE (format, header, options, updated_at), DELETE"
    listing = Listing(
        filters={"budget": Key("exact", "in"), "account": Text("exact", "in")},
        sorts={"newest": "-id", "oldest": "id"},
        search="budgets_importprofile_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[ImportProfileManager] = ImportProfileManager()
    if TYPE_CHECKING:
        budget_id: UUID

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "account", "id"], name="budgets_importprofile_account"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["account"], name="budgets_importprofile_search"),
            models.UniqueConstraint(
                fields=["tenant", "budget", "account"], name="budgets_importprofile_once"
            ),
            models.CheckConstraint(
                condition=Q(format__in=[each.value for each in StatementFormat]),
                name="budgets_importprofile_format",
            ),
        ]
