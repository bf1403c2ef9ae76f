"""`python -m eval`: see eval/cli.py."""

from index.process import take_little

if __name__ == "__main__":
    take_little()
    from eval.cli import main

    main()
