"""The middleware: names the actor and the request id of everything that a request does.

It belongs after AuthenticationMiddleware. Views that need a tenant and a role choose them: see
`tenants.views.in_tenant`.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID, uuid4

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from tenants.context import attributed
from tenants.sessions import SessionStore

HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")

type GetResponse = Callable[[HttpRequest], HttpResponseBase]
type AsyncGetResponse = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def identify(get_response: GetResponse | AsyncGetResponse) -> GetResponse | AsyncGetResponse:
    """Name the request and its user in ledger and history; answer with the request's id.

    An id in X-Request-ID is kept when it matches REQUEST_ID. It also records that the session was
    seen, which takes one write a minute.
    """
    if iscoroutinefunction(get_response):
        return _asynchronous(cast(AsyncGetResponse, get_response))
    return _synchronous(cast(GetResponse, get_response))


def _synchronous(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        request_id = _name(request)
        with attributed(actor=_user_id(request), request_id=request_id):
            response = get_response(request)
        if (session := _due(request)) is not None:
            session.touch(request)
        response.headers[HEADER] = request_id
        return response

    return middleware


def _asynchronous(get_response: AsyncGetResponse) -> AsyncGetResponse:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        request_id = _name(request)
        with attributed(actor=await sync_to_async(_user_id)(request), request_id=request_id):
            response = await get_response(request)
        if (session := _due(request)) is not None:
            await sync_to_async(session.touch)(request)
        response.headers[HEADER] = request_id
        return response

    return middleware


def _name(request: HttpRequest) -> str:
    """Give the request its id: that of its header, or a new one."""
    given = request.headers.get(HEADER, "")
    request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
    request.request_id = request_id  # type: ignore[attr-defined]
    return request_id


def _user_id(request: HttpRequest) -> UUID | None:
    """The user who is logged in. Without a session cookie the session is not read."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return cast(Any, request.user).pk  # type: ignore[no-any-return]


def _due(request: HttpRequest) -> SessionStore | None:
    """The session, when it is due to record that it was seen."""
    session = request.session
    return session if isinstance(session, SessionStore) and session.is_due else None
