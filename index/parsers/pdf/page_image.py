"""A page of a PDF as an image."""

import base64
import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from math import sqrt
from typing import Any, Literal, get_args

from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.pdf.document import opened_pdf
from index.sources.listing import SourceFile

ImageFormat = Literal["webp", "png", "jpeg"]
IMAGE_FORMATS: tuple[ImageFormat, ...] = get_args(ImageFormat)
LEAST_WIDTH, MOST_WIDTH = 50, 2400
"""Pixels."""
MOST_PIXELS = 8_000_000
_LONGEST_SIDE = 16_000
"""Pixels; WebP allows 16,383."""
_QUALITY = 85


def page_image(
    file: SourceFile, sha256: str, number: int, width: int, image_format: ImageFormat
) -> Iterator[dict[str, Any]]:
    """Yield `{"image": …}`, in Base64: page `number`, from 1, so many pixels wide.

    A page that would be too high is made narrower. Nothing is yielded of a file with another
    SHA-256. Raises UnreadableFileError.
    """
    content = bytes_of(file.path)
    if hashlib.sha256(content).hexdigest() != sha256:
        return
    with opened_pdf(content) as pdf:
        if pdf.get_formtype():
            pdf.init_forms()  # so that what was filled in is shown
        with page_of(pdf, number) as page:
            page_width, page_height = page.get_size()
            scale = min(
                width / page_width,
                sqrt(MOST_PIXELS / (page_width * page_height)),
                _LONGEST_SIDE / max(page_width, page_height),
            )
            with closing(page.render(scale=scale)) as bitmap:
                image = bitmap.to_pil().convert("RGB")
    written = io.BytesIO()
    image.save(written, image_format, quality=_QUALITY)
    yield {"image": base64.b64encode(written.getvalue()).decode()}


def page_of(pdf: Any, number: int) -> Any:
    """Return a context that gives page `number`, from 1. Raises UnreadableFileError."""
    import pypdfium2

    if not 1 <= number <= len(pdf):
        raise UnreadableFileError(f"it has no page {number}")
    try:
        page = pdf[number - 1]
    except pypdfium2.PdfiumError as error:
        raise UnreadableFileError(f"page {number} is damaged") from error
    if not all(0 < side < float("inf") for side in page.get_size()):
        page.close()
        raise UnreadableFileError(f"page {number} has no size")
    return closing(page)
