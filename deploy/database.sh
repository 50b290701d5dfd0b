#!/bin/sh
# Makes the product's database and the user that owns it and nothing else, on an empty server.
# PostgreSQL's image runs it once, when its volume is new. On a server of your own run it as a user
# who may make both: POSTGRES_USER is that user's name (PGUSER is not asked), PGHOST, PGPORT and
# PGPASSWORD are the server and the password. DATABASE_PASSWORD_FILE names the new user's password;
# DATABASE_NAME is the name of both, where it is not lrm.
set -eu
umask 077
export DATABASE_PASSWORD_FILE="${DATABASE_PASSWORD_FILE:-/run/secrets/database_password}"
test -s "$DATABASE_PASSWORD_FILE" || { echo "$DATABASE_PASSWORD_FILE is missing or empty." >&2; exit 1; }
name="${DATABASE_NAME:-lrm}"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres --set name="$name" <<'SQL'
-- Read by psql itself: on a command line others would see it.
\set password `cat "$DATABASE_PASSWORD_FILE"`
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
ALTER ROLE :"name" SET timezone TO 'UTC';
-- As lrm/settings.py asks at the start of each connection; through a pooler it cannot.
ALTER ROLE :"name" SET jit TO off;
ALTER ROLE :"name" SET idle_in_transaction_session_timeout TO '90s';
GRANT :"name" TO CURRENT_USER;
CREATE DATABASE :"name" OWNER :"name";
REVOKE :"name" FROM CURRENT_USER;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
