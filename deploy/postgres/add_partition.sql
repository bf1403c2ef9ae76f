-- Names a prepared server to the database of a Pincite store, as a partition of its passages: run it
-- in that database, as an administrator, once for each partition. PostgreSQL 16 or newer.
--
--   psql "$STORE_URL" -v server=pincite_1 -v host=10.0.0.11 -v port=5432 -v database=pincite \
--        -v role=pincite -v password=… -v writer=pincite -f add_partition.sql
--
-- `server` begins with pincite_ and is new; `role` and `password` are those on the partition, `writer`
-- is the role that Pincite uses in this database.

\set ON_ERROR_STOP on

BEGIN;

SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER :"server" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
    host :'host', port :'port', dbname :'database',
    extensions 'vector',        -- has distances computed there, by the index
    async_capable 'true',       -- has all partitions search at once
    parallel_commit 'true',
    analyze_sampling 'system',  -- has its rows counted without reading them all
    batch_size '500', fetch_size '1000',
    connect_timeout '3', keepalives_idle '4', keepalives_interval '2', keepalives_count '3',
    tcp_user_timeout '10000',
    options '-c hnsw.iterative_scan=relaxed_order'
);
CREATE USER MAPPING FOR :"writer" SERVER :"server" OPTIONS (user :'role', password :'password');
GRANT USAGE ON FOREIGN SERVER :"server" TO :"writer";

COMMIT;
