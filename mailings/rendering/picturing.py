"""Addresses of our own pictures say how large they are: what is shown smaller is fetched narrower, nothing is blown up."""

import re

MAIL = 536  # pixels between the margins of a mail
WIDTHS = (320, 640, 1280)  # copies that are kept of every wider picture
NAME = r"[0-9a-f]{20}-[1-9][0-9]{0,4}x[1-9][0-9]{0,4}\.(?:jpg|png|gif)"
_OURS = re.compile(rf"/i/({NAME})")


def natural_width(address: str) -> int:
    """Give the width of a picture of ours in pixels; 0 for one from elsewhere."""
    ours = _OURS.fullmatch(address)
    return int(ours[1].partition("-")[2].partition("x")[0]) if ours else 0


def shown_width(address: str, room: int, wanted: int = 0) -> int:
    """Say how wide it is shown where there is `room`; 0: as wide as that, we do not know the picture."""
    natural = natural_width(address)
    if wanted:
        return min(wanted, room)
    return min(natural, room) if natural else 0


def fitting(address: str, width: int) -> str:
    """Give the address of the narrowest copy that is still sharp at this width on a screen of double density."""
    ours = _OURS.fullmatch(address)
    enough = next((one for one in WIDTHS if one >= width * 2), 0)
    if not ours or not width or ours[1].endswith(".gif") or not 0 < enough < natural_width(address):
        return address
    return f"/i/{enough}/{ours[1]}"
