"""The settings, from environment variables; `.env.example` documents each variable.

ENVIRONMENT (development, staging or production) selects the defaults. In staging and production
unsafe settings stop the start, with one line for each; see `config.refusals`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config import refusals
from config.extras import require

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))

ENVIRONMENT = env.str("ENVIRONMENT", "development")
if ENVIRONMENT not in {"development", "staging", "production"}:
    raise ImproperlyConfigured(
        f"ENVIRONMENT must be development, staging or production, not {ENVIRONMENT!r}"
    )
DEVELOPMENT = ENVIRONMENT == "development"

DEBUG = env.bool("DEBUG", DEVELOPMENT)
SECRET_KEY = env.str("SECRET_KEY", "insecure-development-key" if DEVELOPMENT else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "tenants",
    "budgets",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
EXAMPLE_APPS = ["examples.forms", "examples.shop"]
EXAMPLES = env.bool("EXAMPLES", DEVELOPMENT)
if EXAMPLES:
    INSTALLED_APPS += EXAMPLE_APPS
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.identify",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["tenants.backends.LogIn"]
SESSION_ENGINE = "tenants.sessions"
# E-mails of live users are unique without case, by a constraint that this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# -- The database -----------------------------------------------------------------------------

ENGINE = "tenants.postgres"
POOL = {
    "min_size": env.int("DB_POOL_MIN", 1),
    "max_size": env.int("DB_POOL_MAX", 10),
    "timeout": env.float("DB_POOL_TIMEOUT", 5.0),  # seconds to wait for a free connection
}
BINDING = "server_side_binding"
EMBEDDED = "DATABASE_URL" not in env.ENVIRON and ENVIRONMENT != "production"


def _database(variable: str, role: str) -> dict[str, Any] | None:
    """The connection of a role: from the environment, or to the embedded server."""
    if EMBEDDED:
        from tenants.embedded.server import project_server

        url = project_server(BASE_DIR).url(role)
    elif not (url := env.str(variable, "")):
        return None
    config: dict[str, Any] = {**env.db_url_config(url, engine=ENGINE), "EMBEDDED": EMBEDDED}
    options = config.setdefault("OPTIONS", {})
    options["connect_timeout"] = 5
    if (said := str(options.get(BINDING, False)).lower()) not in {"true", "false"}:
        raise ImproperlyConfigured(f"{variable} must have {BINDING}=true or =false, not {said!r}")
    options[BINDING] = said == "true"
    return config


OWNER_DATABASE = _database("OWNER_DATABASE_URL", "owner")
"""The connection of `migrate` and other commands of the owner; None in a web process."""

_app = _database("DATABASE_URL", "app")
DATABASES: dict[str, dict[str, Any]] = {}
if _app is not None:
    _app["OPTIONS"]["pool"] = POOL
    DATABASES["default"] = _app


# peers: one statement fetches a relation for all rows of a query; raise: access to a relation that
# the query did not fetch is an error.
TENANT_FETCH_MODE = env.str("TENANT_FETCH_MODE", "peers")
if TENANT_FETCH_MODE not in {"peers", "raise"}:
    raise ImproperlyConfigured(
        f"TENANT_FETCH_MODE must be peers or raise, not {TENANT_FETCH_MODE!r}"
    )


# -- The cache --------------------------------------------------------------------------------


def _cache(url: str) -> dict[str, Any]:
    """Redis with short timeouts if there is a URL, else the memory of this process."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    require("redis", "redis", "REDIS_URL")
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    timeouts = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}  # seconds
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "sluice",
        "OPTIONS": {
            **timeouts,
            "retry": Retry(NoBackoff(), 0),
            "serializer": "config.serialization.JSONSerializer",
        },
    }


CACHES = {"default": _cache(env.str("REDIS_URL", ""))}


# -- Background work --------------------------------------------------------------------------

# immediate: in the process that enqueues the task; database: by `manage.py db_worker`.
TASKS_BACKEND = env.str("TASKS_BACKEND", "database" if ENVIRONMENT == "production" else "immediate")
if TASKS_BACKEND not in {"immediate", "database"}:
    raise ImproperlyConfigured(
        f"TASKS_BACKEND must be immediate or database, not {TASKS_BACKEND!r}"
    )
TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
if TASKS_BACKEND == "database":
    require("tasks", "django_tasks_db", "TASKS_BACKEND=database")
    INSTALLED_APPS.append("django_tasks_db")
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


# -- Requests from browsers -------------------------------------------------------------------

PROXIES = env.int("PROXIES", 0)
"""The number of proxies before the application; each adds its client to X-Forwarded-For."""

if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
"""A page may load the files of the admin, and no code that is written into the page."""


# -- Refusal of unsafe settings ---------------------------------------------------------------


def _refusals() -> Iterator[str]:
    """The faults that stop the start in any environment, and those of staging and production."""
    dsns = (("DATABASE_URL", _app), ("OWNER_DATABASE_URL", OWNER_DATABASE))
    yield from refusals.role_faults("DATABASE_URL", _app, env.ENVIRON)
    for name, database in () if EMBEDDED else dsns:
        yield from refusals.environment_faults(name, database, env.ENVIRON)
    if DEVELOPMENT:
        return
    if DEBUG:
        yield "DEBUG is on: unset it"
    yield from refusals.key_faults(SECRET_KEY)
    yield from refusals.host_faults(ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS)
    for name, database in () if EMBEDDED else dsns:
        yield from refusals.transport_faults(name, database, env.ENVIRON, _plain)


def _refusals_of_production() -> Iterator[str]:
    """More faults, which stop the start in production only."""
    if not set(ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}:
        yield "ALLOWED_HOSTS has only local hosts: list the real host names"
    if "default" not in DATABASES:
        yield "DATABASE_URL is missing: set the DSN of the role app"


# Hosts that staging may connect to without TLS: those of its own network.
_plain = env.list("PLAINTEXT_HOSTS", default=[]) if ENVIRONMENT == "staging" else None

if _lines := [
    *_refusals(),
    *(_refusals_of_production() if ENVIRONMENT == "production" else ()),
]:
    raise ImproperlyConfigured(f"{ENVIRONMENT} refuses to start:\n  " + "\n  ".join(_lines))

if ENVIRONMENT == "production":
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
    SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
