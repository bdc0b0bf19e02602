-- The privileges of the roles on a database and its schema `public`. A superuser or the owner of
-- the database runs this file once in each database, test databases included. It is safe to
-- repeat. Run roles.sql first.

BEGIN;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO owner, app', current_database());
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO owner', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO owner;
GRANT USAGE ON SCHEMA public TO app, inspector;

-- Extensions have a schema of their own, so that none of their objects stands among the project's.
-- Only a superuser can move the existing ones; without one, `migrate` rebuilds their indexes.
CREATE SCHEMA IF NOT EXISTS extensions;
REVOKE ALL ON SCHEMA extensions FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA extensions TO owner;
GRANT USAGE ON SCHEMA extensions TO app, inspector;
DO $$
DECLARE
    extension name;
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOR extension IN
            SELECT extname FROM pg_extension
            WHERE extname IN ('btree_gin', 'pg_trgm') AND extnamespace = 'public'::regnamespace
        LOOP
            EXECUTE format('ALTER EXTENSION %I SET SCHEMA extensions', extension);
        END LOOP;
    END IF;
END
$$;

-- All tenants share the role app. By default, one session of it can read the statements of the
-- others, with their values, and end them. Only a superuser can revoke that; without one,
-- `manage.py check --deploy` warns (tenants.W025).
DO $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        REVOKE EXECUTE ON FUNCTION
            pg_terminate_backend(int, bigint), pg_cancel_backend(int),
            pg_stat_get_activity(int), pg_stat_get_backend_activity(int)
            FROM PUBLIC;
        REVOKE SELECT ON pg_stat_activity FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION
            pg_terminate_backend(int, bigint), pg_cancel_backend(int),
            pg_stat_get_activity(int), pg_stat_get_backend_activity(int)
            TO owner, pg_monitor;
        GRANT SELECT ON pg_stat_activity TO owner, pg_monitor;
    END IF;
END
$$;

COMMIT;
