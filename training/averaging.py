"""`python -m training.averaging FIRST SECOND --out FILE`: the mean of two readers' weights.

Weights that were trained further keep what is new, and the mean keeps more of what the first ones
knew (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

import argparse
import sys
from pathlib import Path

from qa.read.reader import sha256_of


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="training.averaging", description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    average(options.first, options.second, options.out)
    sys.stdout.write(f"{options.out}: SHA-256 {sha256_of(options.out)}\n")


def average(first: Path, second: Path, out: Path) -> None:
    """Write the mean of two weights files of the same network."""
    from safetensors.torch import load_file, save_file

    one, two = load_file(first), load_file(second)
    mean = {
        name: ((each.float() + two[name].float()) / 2).to(each.dtype) for name, each in one.items()
    }
    save_file(mean, out)


if __name__ == "__main__":
    main()
