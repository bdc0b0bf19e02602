"""`manage.py clean_sessions`: delete expired sessions and old failed log-ins."""

from typing import Any

from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, flag
from tenants.tasks import clean_sessions


class Command(BaseCommand):
    """Calls the task `clean_sessions`, or enqueues it."""

    help = "Delete expired sessions, and failed log-ins older than login_failure_days."
    examples = """
  manage.py clean_sessions
  manage.py clean_sessions --enqueue     # as a task, for a worker
"""

    arguments = (flag("--enqueue", "enqueue the task for a worker"), JSON)

    def handle(self, *args: Any, enqueue: bool, **options: Any) -> None:
        if enqueue:
            answer: dict[str, Any] = {"task": clean_sessions.enqueue().id}
        else:
            answer = clean_sessions.call()
        lines = (f"{name.replace('_', ' ')}: {value}" for name, value in answer.items())
        self.print_report(options["json"], (answer, *lines))
