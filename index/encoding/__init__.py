"""From texts to vectors, by OpenVINO or by sentence-transformers on torch."""

from typing import Literal

Backend = Literal["auto", "openvino-float32", "openvino-bfloat16", "torch-float32", "cuda-float32"]
"""A store records which of them, other than "auto", made its vectors."""
