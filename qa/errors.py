"""What can be wrong with a question or with an answer to be verified."""

from index.errors import PinciteError


class QuestionError(PinciteError):
    """The question is empty or longer than the model can read."""

    exit_code = 2


class QuoteError(PinciteError):
    """The quote that is expected is empty, too long or no text."""

    exit_code = 2


class CitationFormatError(PinciteError):
    """What was given to verify is not an answer or a list of citations."""

    exit_code = 2


class FilterError(PinciteError):
    """A filter cannot be understood, is too long, or names a field that no document has."""

    exit_code = 2
