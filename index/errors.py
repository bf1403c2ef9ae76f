"""What can go wrong while indexing or opening a store.

Every message is one line that says what is wrong and what to do about it; the
command line prints it as it is, so no message needs a traceback to be understood.
"""


class PinciteError(Exception):
    """Base of all errors that are meant to be shown to a user.

    `exit_code` is what the command line ends with: 1 for a failure, 2 for wrong usage.
    """

    exit_code = 1


class SettingsError(PinciteError):
    """A setting is unknown or has a value that cannot be used."""

    exit_code = 2


class SourceError(PinciteError):
    """A SOURCE is missing, holds nothing that can be indexed, or collides with another."""


class ReadingError(PinciteError):
    """The process that reads documents cannot be started."""


class ModelError(PinciteError):
    """The embedding model is missing, damaged, or not the one the store was built with."""


class NotConvertibleError(ModelError):
    """OpenVINO cannot stand in for torch with this model, or not on this machine."""


class StoreError(PinciteError):
    """The store cannot be read or written as it is."""


class StoreMissingError(StoreError):
    """There is no store at the given place yet."""


class StoreUnusableError(StoreError):
    """The store was written by another Pincite, or is damaged; `reason` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}. Rebuild it from the sources with `pincite index SOURCE…`.")
        self.reason = reason


class StoreOutdatedError(StoreUnusableError):
    """A snapshot is in an older format: nothing is lost, for indexing builds it anew."""

    def __init__(self, snapshot: str, version: int) -> None:
        super().__init__(
            f"Snapshot {snapshot} was written by an earlier Pincite, in format {version}"
        )
        advice = "run `pincite index`, which builds the store anew from its SOURCEs and uploads"
        self.args = (f"{self.reason}: {advice}.",)


class StoreDamagedError(StoreUnusableError):
    """A file of the store is missing, truncated or altered."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The store is damaged: {reason}")
        self.reason = reason


class StoreBusyError(StoreError):
    """Another process is writing the store."""
