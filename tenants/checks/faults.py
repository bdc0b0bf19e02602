"""Faults in the catalog: one query for each kind of fault, with one row for each case."""

from dataclasses import dataclass

from django.core import checks

from tenants.checks.catalog import Catalog
from tenants.schema.times import END, FIRST


@dataclass(frozen=True)
class Fault:
    """A kind of fault; `text` is formatted with the columns of each row of `sql`."""

    id: str
    text: str
    hint: str
    sql: str
    kind: type[checks.Error | checks.Warning] = checks.Error

    def messages(self, catalog: Catalog) -> list[checks.Error | checks.Warning]:
        """A message for each row of `sql`; empty without a fault."""
        rows = catalog.rows(self.sql)
        return [self.kind(self.text.format(*row), hint=self.hint, id=self.id) for row in rows]


ROLE = Fault(
    "tenants.E010",
    "the role {} {}",
    "log in as role app, with the attributes of tenants/postgres/sql/roles.sql and no others",
    """
SELECT r.rolname, f.text FROM pg_roles r, LATERAL (VALUES
    (r.rolsuper, 'is a superuser'),
    (r.rolbypassrls, 'has BYPASSRLS'),
    (EXISTS (SELECT FROM owned JOIN pg_class c USING (oid)
             WHERE pg_has_role(r.oid, c.relowner, 'MEMBER')),
     'owns tables of tenants, or can become their owner'),
    (EXISTS (SELECT FROM pg_roles o WHERE o.oid <> r.oid AND pg_has_role(r.oid, o.oid, 'MEMBER')
             AND (o.rolsuper OR o.rolbypassrls OR o.rolname = 'owner')),
     'can become a role that row security does not bind'),
    (pg_has_role(r.oid, to_regrole('inspector'), 'USAGE'), 'inherits inspector'),
    (EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c
             WHERE s.setrole = r.oid AND c ~ '^(role|search_path|app[.]tenant_id)='),
     'begins its sessions with a role, a search_path or a tenant already set')
) AS f (is_so, text)
WHERE r.rolname = session_user AND f.is_so
""",
)

UNIQUE = Fault(
    "tenants.E011",
    "the unique index {} of {} does not begin with the tenant",
    "put the tenant first: otherwise a tenant learns of the values of others",
    """
SELECT i.indexrelid::regclass, o.oid::regclass
FROM owned o JOIN pg_index i ON i.indrelid = o.oid
WHERE (i.indisunique OR i.indisexclusion) AND i.indkey[0] <> o.attnum
""",
)

FOREIGN_KEY = Fault(
    "tenants.E012",
    "the foreign key {} of {} {}",
    "use TenantForeignKey within a tenant, and db_constraint=False towards global tables",
    """
SELECT f.conname, f.conrelid::regclass, CASE
    WHEN a.oid IS NULL OR b.oid IS NULL THEN 'joins a tenant''s table and a global one'
    WHEN f.condeferrable THEN 'is deferrable'
    WHEN f.confdeltype IN ('n', 'd') THEN 'would unset the tenant'
    ELSE 'does not begin with the tenant' END
FROM pg_constraint f
LEFT JOIN owned a ON a.oid = f.conrelid
LEFT JOIN owned b ON b.oid = f.confrelid
WHERE f.contype = 'f' AND coalesce(a.oid, b.oid) IS NOT NULL AND (
    a.oid IS NULL OR b.oid IS NULL OR f.condeferrable OR f.confdeltype IN ('n', 'd')
    OR f.conkey[1] <> a.attnum OR f.confkey[1] <> b.attnum)
""",
)

VIEW = Fault(
    "tenants.E013",
    "{} shows the rows of all tenants",
    "make it a view WITH (security_invoker = true): any other view reads as its owner",
    """
, reads AS (
    SELECT r.ev_class AS reader, d.refobjid AS source
    FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
), readers (oid) AS (
    SELECT oid FROM owned
    UNION SELECT reads.reader FROM reads JOIN readers ON readers.oid = reads.source
)
SELECT c.oid::regclass FROM readers JOIN pg_class c USING (oid)
WHERE c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce((
    SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
    WHERE option_name = 'security_invoker'), false)
""",
)

# What apps that are not installed left: functions with an index or a trigger of the same name.
_LEFT = """
, remains AS (
    SELECT p.oid, o.relname
    FROM pg_proc p
    JOIN ours ON ours.oid = p.pronamespace
    JOIN pg_class c ON c.relname = p.proname
    JOIN pg_index i ON i.indexrelid = c.oid
    JOIN owned o ON o.oid = i.indrelid
    WHERE p.prosecdef AND 'search_path=pg_catalog, pg_temp' = ANY(p.proconfig)
      AND NOT o.relname = ANY(%(tables)s)
    UNION ALL
    SELECT p.oid, o.relname
    FROM pg_proc p
    JOIN ours ON ours.oid = p.pronamespace
    JOIN pg_trigger g ON g.tgfoid = p.oid AND g.tgname = p.proname
    JOIN owned o ON o.oid = g.tgrelid
    WHERE p.prosecdef AND 'search_path=pg_catalog, pg_temp' = ANY(p.proconfig)
      AND NOT o.relname = ANY(%(tables)s)
)
"""

DEFINER = Fault(
    "tenants.E014",
    "the function {} runs as its owner, {}",
    "make it SECURITY INVOKER; or declare it (LOOK_UPS, RowTrigger, Search, LiveParent) and let it"
    " SET search_path = pg_catalog, pg_temp",
    _LEFT  # noqa: S608  # both are constants
    + """
SELECT p.oid::regprocedure, CASE WHEN p.oid::regprocedure::text = ANY(%(definers)s)
    THEN 'with the search_path of its caller' ELSE 'and is not declared' END
FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
WHERE p.prosecdef
  AND NOT EXISTS (SELECT FROM remains WHERE remains.oid = p.oid)
  AND NOT (p.oid::regprocedure::text = ANY(%(definers)s)
           AND 'search_path=pg_catalog, pg_temp' = ANY(coalesce(p.proconfig, '{}')))
  AND NOT EXISTS (SELECT FROM pg_depend d  -- those of an extension
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
""",
)

NOT_INSTALLED = Fault(
    "tenants.W017",
    "the function {} reads {}, the table of an app that is not installed",
    "install the app; or install it, undo its migrations (migrate APP zero), and remove it",
    _LEFT + "SELECT oid::regprocedure, relname FROM remains",  # noqa: S608  # constants
    checks.Warning,
)

GRANT = Fault(
    "tenants.E015",
    "{} is granted on {} to {}",
    "REVOKE it: the application only reads and writes rows",
    """
SELECT DISTINCT x.privilege_type, c.oid::regclass::text, b.rolname
FROM (SELECT oid, relacl FROM pg_class
      UNION ALL SELECT attrelid, attacl FROM pg_attribute) AS held (oid, acl)
JOIN pg_class c USING (oid)
JOIN ours ON ours.oid = c.relnamespace, aclexplode(held.acl) x
JOIN bound b ON b.oid = x.grantee
WHERE x.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
  AND x.grantee <> c.relowner
""",
)

LOCK = Fault(
    "tenants.E026",
    "UPDATE is granted on all of {} to {}",
    "grant UPDATE by column, without the key: UPDATE on a table allows LOCK TABLE, in a READ ONLY"
    " block too",
    """
SELECT c.oid::regclass::text, b.rolname
FROM pg_class c
JOIN ours ON ours.oid = c.relnamespace, aclexplode(c.relacl) x
JOIN bound b ON b.oid = x.grantee
WHERE c.relkind IN ('r', 'p') AND x.privilege_type = 'UPDATE' AND x.grantee <> c.relowner
  AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) d
                  WHERE d.grantee = x.grantee AND d.privilege_type = 'DELETE')
""",
)

POLICY = Fault(
    "tenants.E023",
    "{} has {} policies for {}",
    "keep one policy for each role, for all commands: FOR UPDATE, DELETE and MERGE combine two"
    " policies differently",
    """
SELECT polrelid::regclass::text, count(*), r.rolname
FROM pg_policy
JOIN pg_class c ON c.oid = polrelid
JOIN ours ON ours.oid = c.relnamespace
JOIN pg_roles r ON r.oid = ANY(polroles) OR 0 = ANY(polroles)
WHERE r.rolname IN ('app', 'inspector', session_user)
GROUP BY 1, 3 HAVING count(*) > 1
""",
)

OWNER = Fault(
    "tenants.E024",
    "the role {}, which owns {}, has no BYPASSRLS",
    "run ALTER ROLE ... BYPASSRLS as a role that may grant it, as tenants/postgres/sql/roles.sql"
    " does: without BYPASSRLS no movement can be recorded, and data migrations change no rows",
    """
SELECT r.rolname, string_agg(named, ', ' ORDER BY named)
FROM (
    SELECT relowner, oid::regclass::text FROM pg_class WHERE oid IN (SELECT oid FROM secured)
    UNION
    SELECT proowner, oid::regprocedure::text FROM pg_proc
    WHERE prosecdef AND oid::regprocedure::text = ANY(%(definers)s)
) AS o (owner, named)
JOIN pg_roles r ON r.oid = o.owner
WHERE NOT r.rolsuper AND NOT r.rolbypassrls
GROUP BY 1
""",
)

SCHEMA = Fault(
    "tenants.E016",
    "{} can create {}",
    "run tenants/postgres/sql/database.sql, and REVOKE what it leaves: objects of that role could"
    " replace the project's own",
    """
SELECT r.rolname::text, f.text FROM pg_roles r, LATERAL (
    SELECT format('objects in the schema %%s', oid::regnamespace) FROM ours
    WHERE has_schema_privilege(r.oid, oid, 'CREATE')
    UNION ALL SELECT 'schemas' WHERE has_database_privilege(r.oid, current_database(), 'CREATE')
    UNION ALL SELECT 'temporary tables'
    WHERE has_database_privilege(r.oid, current_database(), 'TEMPORARY')
) AS f (text)
WHERE r.rolname = session_user
UNION
SELECT coalesce(r.rolname, 'PUBLIC'), format('objects in the schema %%s', n.oid::regnamespace)
FROM ours JOIN pg_namespace n USING (oid), aclexplode(n.nspacl) x
LEFT JOIN pg_roles r ON r.oid = x.grantee
WHERE x.privilege_type = 'CREATE' AND x.grantee NOT IN (n.nspowner, to_regrole('owner'))
ORDER BY 1, 2
""",
)

EXTENSION = Fault(
    "tenants.W027",
    "the extension {} is in the schema public",
    "as a superuser, run tenants/postgres/sql/database.sql, or ALTER EXTENSION ... SET SCHEMA"
    " extensions; without a superuser, see docs/operations.md",
    "SELECT extname FROM pg_extension WHERE extnamespace = to_regnamespace('public') ORDER BY 1",
    checks.Warning,
)

# PostgreSQL writes the bounds in the time zone of the connection, which Django makes UTC.
TIMES = Fault(
    "tenants.E018",
    "the column {1} of {0} can have times that Python cannot read",
    "migrate; or, as owner, add the CHECK of schema.constraints.readable_times and validate it",
    f"""
SELECT relname, attname FROM owned o JOIN pg_attribute a ON a.attrelid = o.oid
WHERE a.attnum > 0 AND NOT attisdropped AND atttypid = 'timestamptz'::regtype AND NOT EXISTS (
    SELECT FROM pg_constraint c
    WHERE conrelid = o.oid AND contype = 'c' AND convalidated AND position(format(
        '(%%1$I >= ''{FIRST:%Y-%m-%d %H:%M:%S}+00''::timestamp with time zone AND '
        '%%1$I < ''{END:%Y-%m-%d %H:%M:%S}+00''::timestamp with time zone)', attname
    ) IN pg_get_constraintdef(c.oid, true)) > 0)
ORDER BY 1, 2
""",  # noqa: S608  # both are constants
)

# For `check --deploy` only: tests and managed servers may lack a superuser for database.sql.
NEIGHBOURS = Fault(
    "tenants.W025",
    "the role {} may call {}: SQL in one tenant's block can reach the sessions of others",
    "run tenants/postgres/sql/database.sql in this database as a superuser, if there is one",
    """
SELECT session_user, string_agg(f::text, ', ' ORDER BY f::text)
FROM unnest(ARRAY['pg_terminate_backend(int, bigint)', 'pg_cancel_backend(int)',
    'pg_stat_get_activity(int)', 'pg_stat_get_backend_activity(int)']::regprocedure[]) AS f
WHERE has_function_privilege(session_user, f, 'EXECUTE')
HAVING count(*) > 0
""",
    checks.Warning,
)

FAULTS = (
    ROLE,
    UNIQUE,
    FOREIGN_KEY,
    VIEW,
    DEFINER,
    NOT_INSTALLED,
    GRANT,
    LOCK,
    POLICY,
    OWNER,
    SCHEMA,
    EXTENSION,
    TIMES,
)
