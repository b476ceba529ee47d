"""Joining runs of letters into one file, and cutting letters out of them. Files go through the disk, not through memory."""

import io
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any


def join(files: Iterable[bytes], into: Path) -> int:
    """Join PDFs in this order into a file; return its pages. The first one's metadata (PDF/A) counts for all."""
    pikepdf: Any = import_module("pikepdf")
    whole: Any = None
    opened = []
    try:
        for data in files:
            part = pikepdf.open(io.BytesIO(data))
            opened.append(part)
            if whole is None:
                whole = part
            else:
                whole.pages.extend(part.pages)
        if whole is None:
            whole = pikepdf.new()
            opened.append(whole)
        whole.save(into, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return len(whole.pages)
    finally:
        for part in opened:
            part.close()


def blanked(file: bytes, numbers: Sequence[int]) -> bytes:
    """Give the PDF with these pages (from 0) blank; what only they needed is gone from it."""
    pikepdf: Any = import_module("pikepdf")
    with pikepdf.open(io.BytesIO(file)) as whole:
        for number in numbers:
            page = whole.pages[number]
            page.Contents = whole.make_stream(b"")
            page.Resources = pikepdf.Dictionary()
            if "/Annots" in page:
                del page.Annots
        out = io.BytesIO()
        whole.save(out)
        return out.getvalue()


def cut(file: bytes, first: int, count: int) -> bytes:
    """Give some pages of a PDF as one of their own, without what only the others need."""
    return pages(file, range(first, first + count))


def pages(file: bytes, wanted: Sequence[int]) -> bytes:
    """Give these pages of a PDF, counted from 0."""
    pikepdf: Any = import_module("pikepdf")
    with pikepdf.open(io.BytesIO(file)) as whole, pikepdf.new() as part:
        for number in wanted:
            part.pages.append(whole.pages[number])
        part.remove_unreferenced_resources()
        out = io.BytesIO()
        part.save(out)
        return out.getvalue()


def pages_of(file: bytes) -> int:
    """Count the pages of a PDF."""
    pikepdf: Any = import_module("pikepdf")
    with pikepdf.open(io.BytesIO(file)) as whole:
        return len(whole.pages)


def padded(file: bytes, blank: int) -> bytes:
    """Give the PDF with so many empty pages behind it, as large as its last."""
    if not blank:
        return file
    pikepdf: Any = import_module("pikepdf")
    with pikepdf.open(io.BytesIO(file)) as whole:
        size = [float(side) for side in whole.pages[-1].mediabox]
        for _number in range(blank):
            whole.add_blank_page(page_size=(size[2] - size[0], size[3] - size[1]))
        out = io.BytesIO()
        whole.save(out)
        return out.getvalue()
