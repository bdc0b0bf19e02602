"""Whether the catalog has what is declared: both in the words of our own statements."""

import re
from collections.abc import Iterable, Iterator

from django.core.checks import Error

from tenants.checks.catalog import Catalog
from tenants.constraints import Grants, RowSecurity, RowTrigger, TenantKey, TenantReference
from tenants.models import TenantModel
from tenants.postgres.grants import global_grants

# Each row is a statement that would make what there is. PostgreSQL's pretty forms leave out
# the schema and the outermost parentheses, as our statements do.
FOUND = """
SELECT format('ALTER TABLE %%s %%s ROW LEVEL SECURITY', c.relname, f.word)
FROM secured JOIN pg_class c USING (oid), LATERAL (
    VALUES (c.relrowsecurity, 'ENABLE'), (c.relforcerowsecurity, 'FORCE')) AS f (is_so, word)
WHERE f.is_so
UNION ALL
SELECT format('CREATE POLICY %%s ON %%s%%s FOR %%s TO %%s%%s%%s', p.polname, o.relname,
    CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
    CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                  WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
    (SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ')
     FROM unnest(p.polroles) AS u (oid) LEFT JOIN pg_roles r USING (oid)),
    ' USING (' || pg_get_expr(p.polqual, p.polrelid, true) || ')',
    ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid, true) || ')')
FROM secured o JOIN pg_policy p ON p.polrelid = o.oid
UNION ALL
SELECT format('ALTER TABLE %%s ADD CONSTRAINT %%s %%s', o.relname, c.conname,
              pg_get_constraintdef(c.oid, true))
FROM owned o JOIN pg_constraint c ON c.conrelid = o.oid
UNION ALL
SELECT pg_get_triggerdef(t.oid, true)
FROM pg_class c JOIN ours ON ours.oid = c.relnamespace JOIN pg_trigger t ON t.tgrelid = c.oid
WHERE t.tgenabled IN ('O', 'A')
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
"""
EXACT = ("CREATE POLICY ", "GRANT ")
"""Of these, what nothing declares is a fault too."""

_GRANT = re.compile(r"GRANT (?P<what>.+) ON (?P<table>\S+) TO (?P<role>\S+)")
_PRIVILEGE = re.compile(r"(\w+)(?: \(([^)]*)\))?")


def differences(catalog: Catalog) -> Iterator[Error]:
    """What the database lacks, and what it allows beyond what is declared."""
    grants = {*_grants(catalog)}
    declared = {*_isolation(catalog), *_constraints(catalog), *grants}
    granted = [match["table"] for match in map(_GRANT.fullmatch, grants) if match]
    found = {row[0] for row in catalog.rows(FOUND, granted=granted)}
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


def _grants(catalog: Catalog) -> Iterator[str]:
    """What is granted on tenants' tables and on global ones, each privilege by itself."""
    for model, grants in catalog.declared(Grants):
        yield from _single(do for do, _ in grants.mirrors(model._meta.db_table, model))
    yield from _single(global_grants(catalog.cursor))


def _single(grants: Iterable[str]) -> Iterator[str]:
    """Each grant as one statement for every privilege, and for every column of it."""
    for grant in grants:
        match = _GRANT.fullmatch(grant.replace('"', ""))
        assert match is not None, grant
        for privilege, columns in _PRIVILEGE.findall(match["what"]):
            for column in columns.split(", "):
                what = f"{privilege} ({column})" if column else privilege
                yield f"GRANT {what} ON {match['table']} TO {match['role']}"
