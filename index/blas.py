"""How many threads NumPy's linear algebra takes in the processes of the command line."""

import os


def take_one_thread() -> None:
    """Let OpenBLAS use one thread, unless the environment says otherwise; before NumPy is imported.

    The products of one question are small: a second thread costs more than it gains, and takes a
    core from the encoder.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
