"""What computes vectors: OpenVINO, or sentence-transformers on torch. Chosen in `choose`."""

from typing import Literal

Backend = Literal["auto", "openvino-float32", "openvino-bfloat16", "torch-float32", "cuda-float32"]
"""What can be asked for. Each but "auto" is also what a store says its vectors came from."""
