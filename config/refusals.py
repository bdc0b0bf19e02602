"""The checks of the settings that stop an unsafe start: one line for each fault.

The server of a connection is read as libpq reads it: from the DSN, then from the variables PGHOST,
PGHOSTADDR, PGSERVICE, PGSSLMODE, PGSSLROOTCERT and PGUSER.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

UNBOUND = {"owner", "postgres"}
"""Roles that row security does not bind. The engine checks any other role on the server."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LEAST_CHARACTERS = 10
"""The least number of distinct characters in a key. Of a million random keys of fifty hexadecimal
digits, one has fewer."""

type Database = Mapping[str, Any]


def key_faults(key: str) -> Iterator[str]:
    """Yield a fault if the key is missing, short, repetitive or a placeholder."""
    weak = len(key) < 50 or len(set(key)) < _LEAST_CHARACTERS
    if not key:
        yield "SECRET_KEY is missing: set 50 random characters or more"
    elif weak or key.startswith(("insecure", "django-insecure-")):
        yield "SECRET_KEY is weak: set 50 random characters or more"


def host_faults(hosts: Sequence[str], origins: Sequence[str]) -> Iterator[str]:
    """Yield a fault for a pattern that matches every host, or every host of a top-level domain."""
    if any(_is_wild(host) for host in hosts):
        yield "ALLOWED_HOSTS has a wildcard for every host: list the real host names"
    names = [origin.partition("://")[2] for origin in origins]
    if any(name == "*" or _is_wild(name.removeprefix("*")) for name in names):
        yield "CSRF_TRUSTED_ORIGINS has a wildcard for every host: list the real host names"


def _is_wild(host: str) -> bool:
    """Whether it is a pattern such as `*` or `.org`; `.example.org` is allowed."""
    return "*" in host or (host.startswith(".") and "." not in host[1:])


def role_faults(name: str, database: Database | None, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault if the application logs in as a role that row security does not bind."""
    user = database and (_dsn_value(database, "user", "USER") or environ.get("PGUSER"))
    if user in UNBOUND:
        yield f"{name} logs in as {user}, which row security does not bind: use the role app"


def transport_faults(
    name: str, database: Database | None, environ: Mapping[str, str], plain: Sequence[str] | None
) -> Iterator[str]:
    """Yield a fault if the connection lacks verified TLS.

    `plain` are the hosts that need no TLS, in addition to this machine. None is for production,
    where only a unix socket needs no TLS.
    """
    if database is None:
        return
    if _dsn_value(database, "service") or environ.get("PGSERVICE"):
        yield f"{name} reads its server from a service file: write host and sslmode into the DSN"
        return
    exempt = () if plain is None else {*_LOOPBACK, *plain}
    if all(_is_socket(address) or address in exempt for address in _addresses(database, environ)):
        return
    mode = _dsn_value(database, "sslmode") or environ.get("PGSSLMODE")
    root = _dsn_value(database, "sslrootcert") or environ.get("PGSSLROOTCERT")
    if mode != "verify-full" or not root:
        yield f"{name} lacks verified TLS: add sslmode=verify-full&sslrootcert=FILE"


def environment_faults(
    name: str, database: Database | None, environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield a fault if the database is on another machine and ENVIRONMENT is not set."""
    if database is None or "ENVIRONMENT" in environ:
        return
    service = _dsn_value(database, "service") or environ.get("PGSERVICE")
    if service or not all(
        _is_socket(address) or address in _LOOPBACK for address in _addresses(database, environ)
    ):
        yield f"{name} leads to another machine and ENVIRONMENT is not set: set it to production"


def _addresses(database: Database, environ: Mapping[str, str]) -> list[str]:
    """The addresses that libpq connects to; a hostaddr takes precedence over a host."""
    for option, key, variable in (("hostaddr", "", "PGHOSTADDR"), ("host", "HOST", "PGHOST")):
        if addresses := _dsn_value(database, option, key) or environ.get(variable):
            return str(addresses).split(",")
    return [""]


def _is_socket(address: str) -> bool:
    """Whether it is a unix socket; an empty address is one too."""
    return address.startswith(("/", "@", "%2F", "%2f")) or not address


def _dsn_value(database: Database, option: str, key: str = "") -> Any:
    """The value of a DSN; a key of Django takes precedence over the options."""
    return (database.get(key) if key else None) or database["OPTIONS"].get(option)
