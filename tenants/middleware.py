"""The middleware: who asks and under which request id, for all that happens on the way.

It belongs after AuthenticationMiddleware. Which tenant is asked for, and in which role, is for
the views to say that need one: see `tenants.views.in_tenant`.
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
SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")

type Answer = Callable[[HttpRequest], HttpResponseBase]
type AsyncAnswer = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def identify(get_response: Answer | AsyncAnswer) -> Answer | AsyncAnswer:
    """Name the request and its user in ledger and history; answer with the request's id.

    An id that came along in X-Request-ID is kept when it is sane. The session is noted to have
    been seen, which costs a write a minute.
    """
    if iscoroutinefunction(get_response):
        return _asynchronous(cast(AsyncAnswer, get_response))
    return _synchronous(cast(Answer, get_response))


def _synchronous(get_response: Answer) -> Answer:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        named = _name(request)
        with attributed(actor=_user_id(request), request_id=named):
            response = get_response(request)
        if (session := _due(request)) is not None:
            session.touch(request)
        response.headers[HEADER] = named
        return response

    return middleware


def _asynchronous(get_response: AsyncAnswer) -> AsyncAnswer:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        named = _name(request)
        with attributed(actor=await sync_to_async(_user_id)(request), request_id=named):
            response = await get_response(request)
        if (session := _due(request)) is not None:
            await sync_to_async(session.touch)(request)
        response.headers[HEADER] = named
        return response

    return middleware


def _name(request: HttpRequest) -> str:
    """The request's id: the one it came with, or a new one."""
    came = request.headers.get(HEADER, "")
    named = came if SANE.fullmatch(came) else uuid4().hex
    request.request_id = named  # type: ignore[attr-defined]
    return named


def _user_id(request: HttpRequest) -> UUID | None:
    """Who is logged in. Without the cookie nobody is, and the session is not looked at."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return cast(Any, request.user).pk  # type: ignore[no-any-return]


def _due(request: HttpRequest) -> SessionStore | None:
    """The session, when it is time to note that it was seen."""
    session = request.session
    return session if isinstance(session, SessionStore) and session.is_due else None
