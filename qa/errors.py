"""What can be wrong with a question, a quote, an answer to be verified, or a language model."""

from index.errors import PinciteError


class QuestionError(PinciteError):
    """The question is empty or longer than the model can read."""

    exit_code = 2


class QuoteError(PinciteError):
    """The expected quote is empty, too long or not text."""

    exit_code = 2


class CitationFormatError(PinciteError):
    """What is to be verified is neither an answer nor a list of citations."""

    exit_code = 2


class FilterError(PinciteError):
    """A filter cannot be understood, is too long, or names a field that no document has."""

    exit_code = 2


class WriterError(PinciteError):
    """The language model cannot be asked, or did not write its answer to the end."""
