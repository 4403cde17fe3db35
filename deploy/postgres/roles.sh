#!/bin/sh
# Two roles: zt_owner owns the tables, zt is the bot's and can change nothing in the record. Runs once, in an empty
# PostgreSQL, as docs/runbook.md says under "PostgreSQL: two roles".
set -eu
psql --set=ON_ERROR_STOP=1 --set="owner_password=$ZT_OWNER_PASSWORD" --set="password=$ZT_PASSWORD" \
  --set="owner=${ZT_OWNER:-zt_owner}" --set="role=${ZT_ROLE:-zt}" --set="database=${ZT_DATABASE:-zt}" \
  --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"owner";
SQL
