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

COMMIT;
