"""Whether the catalog has what is declared: both in the words of our own statements."""

import re
from collections.abc import Iterable, Iterator

from django.core.checks import Error

from tenants.checks.catalog import Catalog
from tenants.models import TenantModel
from tenants.postgres.grants import global_grants
from tenants.schema.constraints import Grants, RowSecurity, RowTrigger, TenantKey, TenantReference
from tenants.schema.defaults import Defaults
from tenants.schema.searches import Search

# Each row is a statement that would make what there is.
FOUND = """
SELECT statement FROM rules WHERE kind <> 'policy' OR oid IN (SELECT oid FROM secured)
UNION ALL
SELECT format('GRANT %%s%%s ON %%s TO %%s', x.privilege_type, ' (' || held.attname || ')',
              c.relname, coalesce(r.rolname, 'PUBLIC'))
FROM (SELECT oid, NULL::name, relacl FROM pg_class
      UNION ALL SELECT attrelid, attname, attacl FROM pg_attribute) AS held (oid, attname, acl)
JOIN pg_class c USING (oid)
JOIN ours ON ours.oid = c.relnamespace, aclexplode(held.acl) x
LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE c.relname = ANY(%(granted)s) AND x.grantee IN (
    SELECT oid FROM bound UNION ALL SELECT to_regrole('inspector')) AND x.grantee <> c.relowner
UNION ALL
SELECT CASE x.privilege_type WHEN 'EXECUTE' THEN format('GRANT EXECUTE ON FUNCTION %%s TO %%s',
           p.oid::regprocedure, coalesce(r.rolname, 'PUBLIC')) ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace, LATERAL (
    SELECT privilege_type, grantee FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
    WHERE grantee <> p.proowner UNION ALL SELECT NULL, NULL) AS x
LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE p.proname = ANY(%(searches)s)
"""
EXACT = ("CREATE POLICY ", "GRANT ")
"""Of these, what nothing declares is a fault too."""

_GRANT = re.compile(r"GRANT (?P<what>.+) ON (?P<table>\S+) TO (?P<role>\S+)")
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?")


def differences(catalog: Catalog) -> Iterator[Error]:
    """What the database lacks, and what it allows beyond what is declared."""
    grants = {*_grants(catalog)}
    declared = {*_isolation(catalog), *_constraints(catalog), *_searches(catalog), *grants}
    declared |= {*_defaults(catalog)}
    granted = [match["table"] for match in map(_GRANT.fullmatch, grants) if match]
    found = {row[0].replace('"', "").strip() for row in catalog.rows(FOUND, granted=granted)}
    for statement in sorted(declared - found):
        yield Error(
            f"the database lacks: {statement}",
            hint="run that statement as owner, after undoing what stands in its place",
            id="tenants.E020",
        )
    for statement in sorted(found - declared):
        if statement.startswith(EXACT):
            yield Error(
                f"nothing declares: {statement}",
                hint="undo it as owner; or declare it, and make a migration",
                id="tenants.E021",
            )


def _isolation(catalog: Catalog) -> Iterator[str]:
    """Row security: of every table of tenants, whether a model knows it or not, and of others."""
    tables = catalog.rows("SELECT relname, tenant FROM owned")
    securities = [(table, RowSecurity(name="any", column=column)) for table, column in tables]
    more = [(model._meta.db_table, security) for model, security in catalog.declared(RowSecurity)]
    for table, security in (*securities, *more):
        yield from (do for do, _ in security.mirrors(table, TenantModel))


def _constraints(catalog: Catalog) -> Iterator[str]:
    """The keys and the triggers; of a key's statements, the last one makes it."""
    for kind in (TenantKey, TenantReference, RowTrigger):
        for model, constraint in catalog.declared(kind):
            do, _ = constraint.mirrors(model._meta.db_table, model)[-1]
            yield do.replace('"', "")


def _defaults(catalog: Catalog) -> Iterator[str]:
    """What the columns have where an INSERT does not name them."""
    for model, defaults in catalog.declared(Defaults):
        for do, _ in defaults.mirrors(model._meta.db_table, model):
            yield do.replace('"', "")


def _searches(catalog: Catalog) -> Iterator[str]:
    """The index and the function of each search, and who may call it."""
    for model, search in catalog.declared(Search):
        for do, _ in search.mirrors(model._meta.db_table, model):
            if not do.startswith("REVOKE"):
                yield do.replace('"', "")


def _grants(catalog: Catalog) -> Iterator[str]:
    """What is granted on tenants' tables and on global ones, each privilege by itself."""
    for model, grants in catalog.declared(Grants):
        yield from _single(do for do, _ in grants.mirrors(model._meta.db_table, model))
    yield from _single(global_grants(catalog.cursor))


def _single(grants: Iterable[str]) -> Iterator[str]:
    """Each grant as one statement for every privilege, and for every column of it."""
    for grant in grants:
        match = _GRANT.fullmatch(grant.replace('"', ""))
        if match is None:
            raise ValueError(f"a grant is GRANT ... ON ... TO ..., not {grant!r}")
        for privilege, columns in _PRIVILEGE.findall(match["what"]):
            for column in columns.split(", "):
                what = f"{privilege} ({column})" if column else privilege
                yield f"GRANT {what} ON {match['table']} TO {match['role']}"
