"""A store on a PostgreSQL server with pgvector; see docs/postgres.md."""
