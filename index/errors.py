"""Errors of indexing and of stores. Each message is one line that says what to do."""

from pathlib import Path


class PinciteError(Exception):
    """Base of all errors that a user sees; the command line ends with its `exit_code`."""

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
    """OpenVINO cannot run this model in place of torch on this machine."""


class StoreError(PinciteError):
    """The store cannot be read or written."""


class StoreMissingError(StoreError):
    """There is no store at the given place."""


class StoreAwayError(StoreError):
    """The server that has the store cannot be reached just now."""


class PartitionAwayError(StoreAwayError):
    """Another server that holds passages of the store cannot be reached just now."""


class StoreUnusableError(StoreError):
    """The store was written by another Pincite, or is damaged; `reason` says how."""

    advice = ". Rebuild it from the sources with `pincite index SOURCE…`."

    def __init__(self, reason: str) -> None:
        super().__init__(reason + self.advice)
        self.reason = reason


class StoreOutdatedError(StoreUnusableError):
    """The store is in the form of an earlier Pincite, which is not read."""

    advice = ": `pincite index SOURCE…` builds it anew. Upload again what is in no SOURCE."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"The store at {folder} was written by an earlier Pincite")


class StoreDamagedError(StoreUnusableError):
    """A file of the store is missing, truncated or altered."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The store is damaged: {reason}")
        self.reason = reason


class GivenDamagedError(StoreDamagedError):
    """An upload, a job, an entry of feedback or a key was altered: `advice` says what helps."""

    def __init__(self, what: str, advice: str) -> None:
        StoreError.__init__(self, f"The {what} in the store is damaged: {advice}.")
        self.reason = f"the {what} was altered"


class StoreBusyError(StoreError):
    """Another process is writing the store."""
