"""The command `pincite`, also `python -m pincite`."""

import gc
import os


def main() -> None:
    """Run the command line; ends the process with the exit code."""
    # Starting makes many objects that stay and hardly any garbage to look for.
    gc.set_threshold(50_000)
    # The products of one question are small: a second thread of NumPy's BLAS costs more than it
    # gains, and takes a core from the encoder. Read when NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pincite.cli import main as run

    run()


if __name__ == "__main__":
    main()
