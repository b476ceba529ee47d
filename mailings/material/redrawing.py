"""A stranger's picture, drawn again by us: nothing of the file that came in is kept but what it shows.

Whatever else was in it (where it was taken, script, a second file behind the first) is gone, since no byte is copied.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, ImageSequence

from mailings.rendering.picturing import WIDTHS

MAX_BYTES = 10_000_000  # of the file that comes in
MAX_PIXELS = 40_000_000  # of all its frames together; a bomb unpacks to more
MAX_FRAMES = 120
WIDEST = 1600  # a mail is 600 wide, and sharp screens want twice that
READ = ("PNG", "JPEG", "GIF", "WEBP")
_QUALITY = 84


class NotAPicture(ValueError):
    """The file is none, too large, or of a kind that no mail program shows; fit to show."""


@dataclass(frozen=True)
class Drawn:
    """A picture as it is kept. `copies` are the same one, narrower: pixels wide → file."""

    extension: str  # "jpg", "png", "gif"
    width: int
    height: int
    data: bytes
    copies: dict[int, bytes]

    @property
    def name(self) -> str:
        """What it is called by: its content and its size, so that the same picture is kept once."""
        return f"{sha256(self.data).hexdigest()[:20]}-{self.width}x{self.height}.{self.extension}"


def redraw(file: bytes) -> Drawn:
    """Draw the picture in a file again, at most WIDEST pixels wide, never cropped. Raises NotAPicture."""
    if len(file) > MAX_BYTES:
        raise NotAPicture(_("This file is larger than %(size)d MB.") % {"size": MAX_BYTES // 1_000_000})
    if b"<svg" in file[:2000].lower():
        raise NotAPicture(_("Mail programs do not show SVG. Save the drawing as PNG first."))
    try:
        return _redrawn(file)
    except NotAPicture:
        raise
    except Image.DecompressionBombError:
        raise _too_large() from None
    except Exception as damage:  # Pillow's readers of a stranger's bytes raise what Python has
        raise NotAPicture(_("We cannot read this as a picture. Give a PNG, JPEG, GIF or WebP file.")) from damage


def _redrawn(file: bytes) -> Drawn:
    with Image.open(BytesIO(file), formats=READ) as picture:
        frames = getattr(picture, "n_frames", 1)
        if picture.width * picture.height * frames > MAX_PIXELS or frames > MAX_FRAMES:
            raise _too_large()
        if frames > 1:
            return _moving(picture)
        picture.draft("RGB", (WIDEST * 2, WIDEST * 2))  # a large photo is unpacked smaller
        return _still(ImageOps.exif_transpose(picture), is_photo=picture.format == "JPEG")


def _too_large() -> NotAPicture:
    text = _("This picture has more than %(count)d million pixels. Make it smaller first.")
    return NotAPicture(text % {"count": MAX_PIXELS // 1_000_000})


def _still(picture: Image.Image, *, is_photo: bool) -> Drawn:
    """Drawings and letters stay sharp as PNG; what is much larger that way is a photo."""
    picture = _narrowed(_in_plain_colours(picture), WIDEST)
    kind = "JPEG" if is_photo and picture.mode == "RGB" else "PNG"
    data = _written(picture, kind)
    if kind == "PNG" and picture.mode == "RGB" and len(as_photo := _written(picture, "JPEG")) * 2 < len(data):
        kind, data = "JPEG", as_photo
    copies = {width: _written(_narrowed(picture, width), kind) for width in WIDTHS if width < picture.width}
    return Drawn("jpg" if kind == "JPEG" else "png", picture.width, picture.height, data, copies)


def _in_plain_colours(picture: Image.Image) -> Image.Image:
    """Give sRGB, with transparency where there is some."""
    profile = picture.info.get("icc_profile")
    clear = "A" in picture.getbands() or "transparency" in picture.info
    if profile and picture.mode in {"RGB", "CMYK"}:
        try:
            ours = ImageCms.createProfile("sRGB")
            theirs = ImageCms.getOpenProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, theirs, ours, outputMode="RGB")
            picture = converted or picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile we cannot read: the colours stay as they are
    plain = picture.convert("RGBA" if clear else "RGB")
    if clear and plain.getchannel("A").getextrema() == (255, 255):
        plain = plain.convert("RGB")
    plain.info = {}
    return plain


def _narrowed(picture: Image.Image, width: int) -> Image.Image:
    if picture.width <= width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _written(picture: Image.Image, kind: str) -> bytes:
    kept = BytesIO()
    how = {"quality": _QUALITY, "optimize": True, "progressive": True} if kind == "JPEG" else {}
    picture.save(kept, kind, **how)
    return kept.getvalue()


def _moving(picture: Image.Image) -> Drawn:
    """An animation stays one, as GIF: the only kind that mail programs play."""
    first, *others = _frames(picture)
    times = [frame.info.get("duration", 100) for frame in ImageSequence.Iterator(picture)]
    kept = BytesIO()
    first.save(
        kept, "GIF", save_all=True, append_images=others, loop=0, disposal=2,
        duration=[max(20, min(int(time), 10_000)) for time in times],
    )  # fmt: skip
    return Drawn("gif", first.width, first.height, kept.getvalue(), {})


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    for frame in ImageSequence.Iterator(picture):
        plain = _narrowed(frame.convert("RGBA"), 1200)
        plain.info = {}
        yield plain
