"""What can be wrong with a gold file or with the place for a report."""

from index.errors import PinciteError


class GoldError(PinciteError):
    """A gold file cannot be used; the message names the file, the line and the remedy."""


class ReportError(PinciteError):
    """The report cannot be written."""


class CalibrationError(PinciteError):
    """No calibration can be had from these questions; the message says what is missing."""
