#!/bin/sh
# Create the roles with their passwords (OWNER_PASSWORD, APP_PASSWORD) and the database in a new
# PostgreSQL. The postgres image runs this script once, from docker-entrypoint-initdb.d. Another
# run sets the passwords again.   docker-init.sh [FOLDER OF THE SQL FILES]
set -eu

sql=${1:-/sluice/sql}

run() {
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set SHOW_CONTEXT=never \
        --username "${POSTGRES_USER:-postgres}" "$@"
}

run --dbname postgres --file "$sql/roles.sql"
run --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
ALTER ROLE owner PASSWORD :'owner_password';
ALTER ROLE app PASSWORD :'app_password';
SELECT 'CREATE DATABASE sluice OWNER owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sluice') \gexec
SQL
run --dbname sluice --file "$sql/database.sql"
