"""The command `pincite`, also `python -m pincite`."""

import gc


def main() -> None:
    """Run the command line; ends the process with the exit code."""
    # Starting makes many objects that stay and hardly any garbage to look for.
    gc.set_threshold(50_000)
    from index.process import take_little

    take_little()
    from pincite.cli import main as run

    run()


if __name__ == "__main__":
    main()
