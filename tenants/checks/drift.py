"""Drift between the models' declarations and the catalog, both compared as SQL statements."""

import re
from collections.abc import Iterable, Iterator

from django.core.checks import Error

from tenants.checks.catalog import FUNCTIONS, Catalog
from tenants.models import TenantModel
from tenants.postgres.grants import global_grants
from tenants.schema.constraints import Grants, RowSecurity, RowTrigger, TenantKey, TenantReference
from tenants.schema.defaults import Defaults

# Each row is a statement that would create an existing object.
EXISTING = """
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
WHERE p.proname = ANY(%(functions)s)
"""
EXACT = ("CREATE POLICY ", "GRANT ")
"""Kinds of statements that must be declared: an undeclared one is a fault."""

_GRANT = re.compile(r"GRANT (?P<rights>.+) ON (?P<table>\S+) TO (?P<role>\S+)")
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?")


def differences(catalog: Catalog) -> Iterator[Error]:
    """The declared objects that the database lacks, and its undeclared grants and policies."""
    grants = {*_grants(catalog)}
    declared = {*_isolation(catalog), *_constraints(catalog), *_functions(catalog), *grants}
    declared |= {*_defaults(catalog)}
    granted = [match["table"] for match in map(_GRANT.fullmatch, grants) if match]
    existing = {row[0].replace('"', "").strip() for row in catalog.rows(EXISTING, granted=granted)}
    for statement in sorted(declared - existing):
        yield Error(
            f"the database lacks: {statement}",
            hint="as owner, undo the object in its place, if any, and run that statement",
            id="tenants.E020",
        )
    for statement in sorted(existing - declared):
        if statement.startswith(EXACT):
            yield Error(
                f"the database has an undeclared statement: {statement}",
                hint="undo it as owner, or declare it in a model and make a migration",
                id="tenants.E021",
            )


def _isolation(catalog: Catalog) -> Iterator[str]:
    """Row security of all tables of tenants, with or without a model, and of other models."""
    tables = catalog.rows("SELECT relname, tenant FROM owned")
    securities = [(table, RowSecurity(name="any", column=column)) for table, column in tables]
    more = [
        (model._meta.db_table, security) for model, security in catalog.constraints(RowSecurity)
    ]
    for table, security in (*securities, *more):
        yield from (do for do, _ in security.mirrors(table, TenantModel))


def _constraints(catalog: Catalog) -> Iterator[str]:
    """The keys and the triggers; the last statement of a key creates it."""
    for kind in (TenantKey, TenantReference, RowTrigger):
        for model, constraint in catalog.constraints(kind):
            do, _ = constraint.mirrors(model._meta.db_table, model)[-1]
            yield do.replace('"', "")


def _defaults(catalog: Catalog) -> Iterator[str]:
    """The defaults of the columns."""
    for model, defaults in catalog.constraints(Defaults):
        for do, _ in defaults.mirrors(model._meta.db_table, model):
            yield do.replace('"', "")


def _functions(catalog: Catalog) -> Iterator[str]:
    """The function of each search and of each LiveParent, with its index, grant or triggers."""
    for kind in FUNCTIONS:
        for model, constraint in catalog.constraints(kind):
            for do, _ in constraint.mirrors(model._meta.db_table, model):
                if not do.startswith("REVOKE"):
                    yield do.replace('"', "")


def _grants(catalog: Catalog) -> Iterator[str]:
    """The grants on tenants' tables and on global tables, one statement for each privilege."""
    for model, grants in catalog.constraints(Grants):
        yield from _single(do for do, _ in grants.mirrors(model._meta.db_table, model))
    yield from _single(global_grants(catalog.cursor))


def _single(grants: Iterable[str]) -> Iterator[str]:
    """One statement for each privilege and each column of the grants."""
    for grant in grants:
        match = _GRANT.fullmatch(grant.replace('"', ""))
        if match is None:
            raise ValueError(f"a grant must be GRANT ... ON ... TO ..., not {grant!r}")
        for privilege, columns in _PRIVILEGE.findall(match["rights"]):
            for column in columns.split(", "):
                right = f"{privilege} ({column})" if column else privilege
                yield f"GRANT {right} ON {match['table']} TO {match['role']}"
