-- Names a prepared server to the database of a Pincite store, as a partition of its passages: run it
-- in that database, as an administrator, once for each partition. PostgreSQL 16 or newer.
--
--   export PARTITION_PASSWORD=…
--   psql "$STORE_URL" -v server=pincite_1 -v host=10.0.0.11 -v port=5432 -v database=passages \
--        -v role=pincite -v writer=pincite -f add_partition.sql
--
-- `server` is new, and its name begins with pincite_. `role` is the role on the partition, whose
-- password is in the variable; `writer` is the role that Pincite uses in the store's database.

\set ON_ERROR_STOP on
\getenv password PARTITION_PASSWORD

BEGIN;
SET LOCAL client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER :"server" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
    host :'host', port :'port', dbname :'database',
    extensions 'vector',        -- has distances computed there, by the index
    options '-c hnsw.iterative_scan=relaxed_order',
    async_capable 'true',       -- has all partitions search at once
    parallel_commit 'true',
    analyze_sampling 'system',  -- has rows counted without reading them all
    batch_size '500', fetch_size '1000',
    connect_timeout '3', keepalives_idle '4', keepalives_interval '2', keepalives_count '3',
    tcp_user_timeout '10000'
);
CREATE USER MAPPING FOR :"writer" SERVER :"server" OPTIONS (user :'role', password :'password');
GRANT USAGE ON FOREIGN SERVER :"server" TO :"writer";

COMMIT;
