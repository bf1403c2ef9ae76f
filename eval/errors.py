"""What can be wrong with a gold file or with the place for a report."""

from index.errors import PinciteError


class GoldError(PinciteError):
    """A gold file cannot be used; the message names the file, the line and the remedy."""


class ReportError(PinciteError):
    """The report cannot be written."""
