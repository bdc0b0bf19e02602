"""Views of one tenant: `in_tenant` finds the tenant, checks the member, and opens the block.

A refusal is answered as application/problem+json (RFC 9457), with the error's stable code and the
fields it is about.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, cast
from uuid import UUID

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from tenants.access import limits
from tenants.context import run_for
from tenants.errors import (
    CodedError,
    ConstraintBroken,
    ForeignKeyBroken,
    NotAllowed,
    ReadOnly,
    RowNotFound,
    StoreError,
    TenantSuspended,
    UniqueBroken,
    ValueRefused,
)
from tenants.models import Tenant, User
from tenants.refusals import (
    NoMembership,
    NotInPlan,
    NotLoggedIn,
    QuotaReached,
    RateLimited,
    TenantNotChosen,
)

CHOSEN = "tenant_id"
"""The session's key for the chosen tenant."""

STATUS: dict[type[CodedError], int] = {
    NotLoggedIn: 401,
    NoMembership: 403,
    TenantNotChosen: 403,
    NotAllowed: 403,
    NotInPlan: 403,
    QuotaReached: 403,
    TenantSuspended: 403,
    ReadOnly: 403,
    RowNotFound: 404,
    UniqueBroken: 409,
    ForeignKeyBroken: 409,
    ConstraintBroken: 400,
    ValueRefused: 400,
    RateLimited: 429,
}
"""The status of each refusal; the first class that matches counts.

Any other refusal is 400. Other StoreErrors are raised again.
"""


@dataclass(frozen=True, slots=True)
class Access:
    """The tenant that a request asks for, and its user."""

    tenant_id: UUID
    user_id: UUID
    request_id: str

    def run[T](self, work: Callable[[], T]) -> T:
        """Do `work` in the tenant's block, as the member; see `run_for`.

        Membership and role are looked up in that block. Raises NoMembership.
        """
        return run_for(self.tenant_id, work, member=self.user_id, request_id=self.request_id)

    async def arun[T](self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The same, awaited: `work` is called with the arguments, in a thread."""
        return await sync_to_async(self.run)(partial(work, *args, **kwargs))


def access_of(request: HttpRequest, *, limit: str | None = None) -> Access:
    """The access of the request's user to the chosen tenant, or to their only one.

    Counts a use of `limit` by the tenant. Raises NotLoggedIn, TenantNotChosen, NoMembership and
    RateLimited.
    """
    user: Any = request.user
    if not user.is_authenticated:
        raise NotLoggedIn
    tenant_id = _chosen(request, User.objects.tenant_ids(user))
    if limit is not None:
        limits.require(limit, tenant_id=tenant_id)
    return Access(tenant_id, user.pk, getattr(request, "request_id", ""))


def choose_tenant(request: HttpRequest, tenant: Tenant | UUID | str) -> None:
    """Choose the tenant of the session's requests. Raises NotLoggedIn and NoMembership."""
    user: Any = request.user
    if not user.is_authenticated:
        raise NotLoggedIn
    chosen = str(tenant.pk if isinstance(tenant, Tenant) else tenant)
    if chosen not in map(str, User.objects.tenant_ids(user)):
        raise NoMembership
    request.session[CHOSEN] = chosen


def in_tenant(view: Any = None, *, limit: str | None = None) -> Any:
    """Run a view in its user's tenant: one transaction, retried as a whole.

    A synchronous view runs in the block. It is rolled back when it raises, not when it answers
    with an error, and may run again: touch nothing but the database. An asynchronous view gets
    `run` after the request: `await run(work, ...)` does work in a block of its own. `limit` names
    an entry of `tenants.access.limits`. A page for people also needs `login_required`: without a
    log-in this answers 401.
    """
    if view is None:
        return partial(in_tenant, limit=limit)
    return (_asynchronous if iscoroutinefunction(view) else _synchronous)(view, limit)


def _synchronous(
    view: Callable[..., HttpResponseBase], limit: str | None
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        def body() -> HttpResponseBase:
            response: Any = view(request, *args, **kwargs)
            if callable(render := getattr(response, "render", None)):
                render()  # its queries need the block
            return cast(HttpResponseBase, response)

        try:
            return access_of(request, limit=limit).run(body)
        except CodedError as error:
            return refusal(error)

    return inside


def _asynchronous(
    view: Callable[..., Awaitable[HttpResponseBase]], limit: str | None
) -> Callable[..., Awaitable[HttpResponseBase]]:
    @wraps(view)
    async def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            access = await sync_to_async(access_of)(request, limit=limit)
            return await view(request, access.arun, *args, **kwargs)
        except CodedError as error:
            return refusal(error)

    return inside


def refusal(error: CodedError) -> JsonResponse:
    """The response to a refusal. Raises the error again when it is a failure of the store."""
    known = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    if known is None and isinstance(error, StoreError):
        raise error
    response = JsonResponse(
        problem(error, known or 400), status=known or 400, content_type="application/problem+json"
    )
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def problem(error: CodedError, status: int) -> dict[str, Any]:
    """A refusal as the members of a problem (RFC 9457), and three more.

    `code` is stable, and `type` is the same as a URI; `title` says what the code means, and
    `detail` what is wrong this time. `fields` are the names of the wrong values, where they are
    known. `message` repeats the detail under its former name.
    """
    kind = next(kind for kind in type(error).__mro__ if "code" in vars(kind))
    return {
        "type": f"urn:problem-type:{error.code}",
        "title": (kind.__doc__ or error.code).partition("\n")[0],
        "status": status,
        "detail": str(error),
        "code": error.code,
        "fields": list(error.fields),
        "message": str(error),
    }


def _chosen(request: HttpRequest, tenant_ids: list[UUID]) -> UUID:
    """The tenant that the session names, else the only one."""
    if (chosen := request.session.get(CHOSEN)) is not None:
        for tenant_id in tenant_ids:
            if str(tenant_id) == chosen:
                return tenant_id
        raise NoMembership
    if len(tenant_ids) != 1:
        raise TenantNotChosen if tenant_ids else NoMembership
    return tenant_ids[0]
