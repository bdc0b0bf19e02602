"""The parts of `seed`: the login of development, and tenants with their members."""

from collections.abc import Callable, Iterable
from uuid import UUID

from tenants.context import run_for
from tenants.errors import UnknownTenant
from tenants.models import Membership, Tenant, User

DEV_EMAIL = "admin@example.com"
DEV_PASSWORD = "sluice-dev"  # noqa: S105  # public: for development only


def seed_tenant(
    slug: str, name: str, members: Iterable[tuple[str, str]], fill: Callable[[], object]
) -> None:
    """Create the tenant and its members, (e-mail, role), if they are missing; then call `fill`.

    `fill` runs in the tenant's block as the system, in one transaction. Safe to repeat if `fill`
    is. The created users have no password, so they cannot log in.
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
