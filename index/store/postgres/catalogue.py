"""The collections in a database, each in a schema of its own."""

from contextlib import closing

from psycopg import sql

from index.errors import SettingsError, StoreMissingError
from index.store.collection import DEFAULT_COLLECTION
from index.store.postgres import partitions
from index.store.postgres.address import ServerAddress, collection_of
from index.store.postgres.database import Database

_WAIT_FOR_OTHERS_S = 5.0


class PostgresCatalogue:
    """The collections in a database; see `index.store.catalogue.Catalogue`."""

    def __init__(self, address: ServerAddress) -> None:
        self._address = address

    def names(self) -> list[str]:
        """Return the names of the collections whose schemas the database has."""
        with closing(Database(self._address)) as database:
            return list(filter(None, map(collection_of, database.schemas())))

    def identity(self, name: str) -> object | None:
        """Return the number that PostgreSQL knows the collection's schema by."""
        with closing(Database(self._address.with_collection(name))) as database:
            schema = database.address.schema
            # One that is not known yet may have been made since.
            return database.schemas_seen().get(schema) or database.schemas().get(schema)

    def refuse_foreign(self) -> None:
        """Do nothing: what else is in the database is in other schemas."""

    def remove(self, name: str) -> None:
        """Drop a collection's schema."""
        address = self._address.with_collection(name)
        if name == DEFAULT_COLLECTION:
            raise SettingsError(
                f"The {DEFAULT_COLLECTION} collection is not removed by name: drop the schema "
                f"{address.schema} in {self._address}."
            )
        if self.identity(name) is None:
            raise StoreMissingError(
                f"There is no collection {name} in {self._address}: `pincite collections` lists "
                "those that there are."
            )
        with (
            closing(Database(address, may_be_made=False)) as database,
            database.writing(_WAIT_FOR_OTHERS_S),
            database.transaction() as connection,
        ):
            partitions.drop_all(connection)
            schema = sql.Identifier(address.schema)
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(schema))

    def delete_removed(self) -> None:
        """Do nothing: a schema is dropped at once."""
