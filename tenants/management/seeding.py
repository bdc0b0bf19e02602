"""What `seed` plants by: the login of development, and tenants with their members."""

from collections.abc import Callable, Iterable
from uuid import UUID

from tenants.context import run_for
from tenants.errors import UnknownTenant
from tenants.models import Membership, Tenant, User

DEV_EMAIL = "admin@example.com"
DEV_PASSWORD = "sluice-dev"  # noqa: S105  # known to all: for development alone


def plant_tenant(
    slug: str, name: str, members: Iterable[tuple[str, str]], fill: Callable[[], object]
) -> None:
    """Make the tenant and its members, (e-mail, role), that are not there yet; then `fill` it.

    `fill` is run in the tenant's block, by the system: all of what it does, or nothing. Safe to
    repeat when `fill` is. The users it makes have no password, so nobody can log in as them.
    """
    users = [(_user(email), role) for email, role in members]

    def work() -> None:
        for user, role in users:
            Membership.objects.admit(user, role)
        fill()

    run_for(_tenant(slug, name), work)


def _user(email: str) -> User:
    user: User | None = User.objects.active().by_email(email).first()
    if user is None:
        user = User.objects.create_user(email, first_name=email.split("@")[0].title())
    return user


def _tenant(slug: str, name: str) -> UUID:
    try:
        return Tenant.objects.id_of(slug)
    except UnknownTenant:
        return Tenant.objects.create_tenant(slug, name).pk
