-- Prepares a server to hold partitions of Pincite's passages: run it there once, as an administrator,
-- in a database of its own.
--
--   psql "$PARTITION_URL" -v role=pincite -f partition.sql
--
-- `role` is the role that the user mapping of the foreign server names; it must exist.

\set ON_ERROR_STOP on
BEGIN;

CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
CREATE SCHEMA passages_of_pincite AUTHORIZATION :"role";
SET LOCAL ROLE :"role";
SET LOCAL search_path = passages_of_pincite;

-- A statement that is inserted is run, with the rights of who inserts it, and not kept.
CREATE TABLE statements (statement text NOT NULL);
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql
    SET search_path = passages_of_pincite, public
    AS 'BEGIN EXECUTE NEW.statement; RETURN NULL; END';
CREATE TRIGGER run BEFORE INSERT ON statements FOR EACH ROW EXECUTE FUNCTION run();

CREATE VIEW tables AS
    SELECT relname::text AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
    WHERE relnamespace = 'passages_of_pincite'::regnamespace AND relkind = 'r';

COMMIT;
