"""The command `pincite`, also `python -m pincite`."""


def main() -> None:
    """Run the command line; ends the process with the exit code."""
    from pincite.cli import main as run

    run()


if __name__ == "__main__":
    main()
