"""The mean of two trainings."""

from pathlib import Path

from training.averaging import average


def test_each_weight_is_the_mean_of_both(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    files = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    for file, value in zip(files, (1.0, 4.0), strict=True):
        save_file({"head": torch.full((2,), value, dtype=torch.float16)}, file)
    average(files[0], files[1], tmp_path / "mean.safetensors")
    (found,) = load_file(tmp_path / "mean.safetensors").values()
    assert found.dtype == torch.float16
    assert found.tolist() == [2.5, 2.5]
