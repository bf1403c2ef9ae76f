"""`python -m eval`: see eval/cli.py."""

from index.blas import take_one_thread

if __name__ == "__main__":
    take_one_thread()
    from eval.cli import main

    main()
