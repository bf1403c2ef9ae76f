"""What can be wrong with gold questions, with a baseline, or with the place for a report."""

from index.errors import PinciteError


class GoldError(PinciteError):
    """A file of questions cannot be used; the message names the file, the line and the remedy."""


class BaselineError(PinciteError):
    """An earlier run cannot be compared with."""


class ReportError(PinciteError):
    """The report cannot be written."""


class CalibrationError(PinciteError):
    """No calibration can be had from these questions; the message says what is missing."""
