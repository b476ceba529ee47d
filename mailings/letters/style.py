"""The style sheet of a letter. Two neighbours take turns as pages of kind a and b: a new kind starts numbering anew."""

from mailings.letters import geometry
from mailings.letters.geometry import Layout
from mailings.letters.sheet import Sheet

LEFT, RIGHT, TOP, BOTTOM = 25.0, 20.0, 22.0, 24.0  # margins in millimetres
FONTS = '"Liberation Sans", "Arimo", "DejaVu Sans", sans-serif'
KINDS = ("a", "b")


def sheet(frame: Sheet) -> str:
    """Give the CSS of a frame; the first page has no margin at the top, so that places on it are those of the sheet."""
    window = frame.window
    return f"{_pages(frame)}{_places(window, is_duplex=frame.duplex)}{_TEXT}"


def _pages(frame: Sheet) -> str:
    numbers = "@bottom-right{content:counter(page) string(of)}" if frame.page_numbers else ""
    footer = f'@bottom-left{{content:"{quoted(frame.footer)}"}}' if frame.footer.strip() else ""
    boxes = "font:7.5pt/1.35 " + FONTS + ";color:#444;vertical-align:top;padding-top:5mm;white-space:pre-wrap"
    kinds = "".join(
        f"@page {kind}{{{numbers}{footer}}}"
        f"@page :nth(1 of {kind}){{margin-top:0;counter-reset:page 1;@bottom-right{{content:none}}}}"
        f".{kind}{{page:{kind}}}"
        for kind in KINDS
    )
    return (
        f"@page{{size:A4;margin:{TOP}mm {RIGHT}mm {BOTTOM}mm {LEFT}mm;"
        f"@bottom-left{{{boxes};text-align:left;width:85%}}@bottom-right{{{boxes};text-align:right;width:15%}}}}"
        f"{kinds}@page :blank{{@bottom-left{{content:none}}@bottom-right{{content:none}}}}"
    )


def _places(window: Layout, *, is_duplex: bool) -> str:
    beside = 25.0 if window.is_right else 128.0  # where sender, date and reference stand: on the other side
    sizes = "".join(f".{code}{{font-size:{size}pt}}" for code, size in geometry.SIZES)
    folds = "".join(f".f{number}{{top:{mm}mm}}" for number, mm in enumerate(window.folds))
    return (
        f".letter{{break-before:{'right' if is_duplex else 'page'};string-set:of attr(data-of)}}"
        f".head{{position:relative;height:{window.body}mm}}.head>*{{position:absolute}}"
        f".logo{{left:{beside - LEFT}mm;top:12mm;max-width:60mm;max-height:18mm}}"
        f".sender{{left:{beside - LEFT}mm;top:33mm;width:62mm;font-size:8.5pt;line-height:1.4}}"
        f".return{{left:{window.left - LEFT}mm;top:{window.top - 5}mm;width:{window.width}mm;font-size:6.5pt;"
        f"height:4mm;overflow:hidden;white-space:nowrap;color:#444}}"
        f".window{{left:{window.left - LEFT}mm;top:{window.top}mm;width:{window.width}mm;height:{window.height}mm;"
        f"overflow:hidden;line-height:1.25;font-style:normal;white-space:nowrap}}{sizes}"
        f".date{{left:{beside - LEFT}mm;top:{window.top + window.height - 10}mm;width:62mm;font-size:9pt}}"
        f".fold{{left:{5 - LEFT}mm;width:4mm;border-top:.25mm solid #999}}{folds}"
    )


_TEXT = (
    f"html{{font:10.5pt/1.42 {FONTS};color:#1a1a1a}}body{{margin:0}}p{{margin:0 0 3.2mm;orphans:2;widows:2}}"
    "h1{font-size:11.5pt;margin:0 0 5mm}h2{font-size:14pt;line-height:1.25;margin:4mm 0 2.5mm}h3{font-size:11.5pt;margin:3mm 0 2mm}"
    "h4{font-size:10.5pt;margin:3mm 0 1.5mm}h1,h2,h3,h4{break-after:avoid}.center{text-align:center}.right{text-align:right}"
    "ul,ol{margin:0 0 3.2mm;padding-left:6mm}a{color:inherit}a::after{content:' (' attr(href) ')';font-size:8.5pt;text-decoration:none}"
    "hr{border:0;border-top:.25mm solid #bbb;margin:4mm 0}img{max-width:100%}.picture{margin:0 0 3.2mm}"
    ".columns{width:100%;border-collapse:collapse;table-layout:fixed;break-inside:avoid}.columns td{vertical-align:top;padding:0 5mm 0 0}"
    ".third{width:33%}.scan{break-inside:avoid;margin:3mm 0 4mm;position:relative;min-height:24mm;padding-left:28mm}"
    ".scan .code{position:absolute;left:0;top:0;width:24mm;height:24mm;image-rendering:pixelated}.scan small{font-size:8pt;color:#444;overflow-wrap:anywhere}"
    ".closing{break-inside:avoid;margin-top:5mm}.closing p{margin:0}.sign{height:16mm}"
    ".signature{display:block;height:16mm;margin:1mm 0}.break{break-after:page}"
)


def quoted(text: str) -> str:
    """Write words as the inside of a CSS string: every sign that could end it, or the style sheet, is coded."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return "".join(c if c.isalnum() or c in " .,:·-()+@/" else f"\\{ord(c):06x}" for c in lines)
