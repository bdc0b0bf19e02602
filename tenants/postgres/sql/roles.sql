-- The four roles of the project. A superuser runs this file once on each PostgreSQL server; it is
-- safe to repeat. The embedded server, the tests and docker-compose run it too. On a managed server
-- a role with the right to grant BYPASSRLS runs it. With psql, add --set ON_ERROR_STOP=1, so that
-- the file stops at its first error on a server older than PostgreSQL 18.
--
--   owner      owns the tables, runs the migrations, sees every tenant; waits briefly for locks
--   app        the role of the application: bound by row security and by the timeouts below
--   web        the same for processes without the admin: it cannot become inspector
--   inspector  reads every tenant; app becomes it by SET LOCAL ROLE only
--
-- The passwords are set by scripts/docker-init.sh.

BEGIN;

DO $$
BEGIN
    IF current_setting('server_version_num')::int < 180000 THEN
        RAISE 'PostgreSQL 18 or later is required (found %).', current_setting('server_version');
    END IF;
END
$$;

DO $$
DECLARE
    wanted text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('sluice roles'));
    FOREACH wanted IN ARRAY ARRAY['owner', 'app', 'web', 'inspector'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
    END LOOP;
END
$$;

-- CREATEDB is for the test databases.
ALTER ROLE owner LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE inspector NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT inspector TO app WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;
-- web has the privileges and policies of app, and cannot become inspector.
GRANT app TO web WITH INHERIT TRUE, SET FALSE, ADMIN FALSE;
-- So that owner sees which session of app or web holds a lock, and may end it.
GRANT app, web TO owner WITH INHERIT TRUE, SET FALSE, ADMIN FALSE;

-- Set here and not by the client, because PgBouncer ignores the startup options of a client.
ALTER ROLE app SET statement_timeout = '15s';
ALTER ROLE app SET lock_timeout = '5s';
ALTER ROLE app SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE web SET statement_timeout = '15s';
ALTER ROLE web SET lock_timeout = '5s';
ALTER ROLE web SET idle_in_transaction_session_timeout = '30s';

-- A request for an exclusive lock makes every later reader of the table wait too. So owner times
-- out before app does: behind an open reader `migrate` fails, and the application's reads do not.
ALTER ROLE owner SET lock_timeout = '3s';

COMMIT;
