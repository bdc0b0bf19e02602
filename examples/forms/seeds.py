"""The rows of the form builder in `seed dev` and `seed examples`."""

from examples.forms.models import Form, Organization, Submission
from tenants.management.seeding import seed_tenant

SLUG = "tidewater"
MEMBERS = (("ines@example.com", "owner"), ("tomasz@example.com", "editor"))


def plant() -> str:
    """Create a tenant with two organizations; return the line to print. Safe to repeat."""
    seed_tenant(SLUG, "Tidewater Forms", MEMBERS, _fill)
    return f"tenant {SLUG}: two organizations, and a form with submissions"


def _fill() -> None:
    if Organization.objects.exists():
        return
    clinic = Organization.objects.ensure("Harbour Clinic")
    school = Organization.objects.ensure("Sailing School")
    intake = Form.objects.move(clinic.forms.create(title="Intake"), "open")
    clinic.forms.create(title="Discharge")
    school.forms.create(title="Enrolment")
    intake.workflows.create(name="Triage", steps=2)
    for email, age in (("ola@example.com", 34), ("piet@example.com", 61)):
        Submission.objects.submit(intake, email, {"age": age, "smokes": False})
