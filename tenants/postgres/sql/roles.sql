-- The three roles of the project. Run by a superuser, once for each PostgreSQL server, and
-- safely again: the embedded server, the tests and docker-compose all run this file. On a
-- managed server, somebody with the right to grant BYPASSRLS does. With psql, say
-- --set ON_ERROR_STOP=1: then an older server than PostgreSQL 18 is told so, and nothing else.
--
--   owner      owns the tables, runs the migrations, sees every tenant; gives up a lock soon
--   app        what the application logs in as: bound by row security, and by the timeouts
--   inspector  reads every tenant; reached from app by SET LOCAL ROLE alone
--
-- Passwords are not here: see scripts/docker-init.sh.

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
    FOREACH wanted IN ARRAY ARRAY['owner', 'app', 'inspector'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
    END LOOP;
END
$$;

-- CREATEDB is for the test databases.
ALTER ROLE owner LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
ALTER ROLE app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE inspector NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT inspector TO app WITH INHERIT FALSE, SET TRUE, ADMIN FALSE;
-- So owner sees which session of app holds a lock, and may end it.
GRANT app TO owner WITH INHERIT TRUE, SET FALSE, ADMIN FALSE;

-- Said here and not by the client, because PgBouncer ignores what a client says at startup.
ALTER ROLE app SET statement_timeout = '15s';
ALTER ROLE app SET lock_timeout = '5s';
ALTER ROLE app SET idle_in_transaction_session_timeout = '30s';

-- Whoever wants a table for itself makes every later reader of it wait too. owner gives up
-- before app does: behind one open reader `migrate` fails, and no read of the application.
ALTER ROLE owner SET lock_timeout = '3s';

COMMIT;
