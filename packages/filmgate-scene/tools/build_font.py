"""Build the font that ships with the scene engine: Noto Sans SC Bold, GB2312 levels 1 and 2, kana, Latin.

python -m venv /tmp/fonts && /tmp/fonts/bin/pip install fonttools==4.68.0 manimgx-fonts-cjk==2026.9.26.post1
/tmp/fonts/bin/python tools/build_font.py src/filmgate_scene/fonts/NotoSansSC-Bold.subset.otf
"""

from __future__ import annotations

import sys
from importlib.metadata import files
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

SIMPLIFIED_CHINESE = 2  # index in the collection
BOLD = 700
LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x180)]))
SIGNS = "–—‘’“”…·•€™℃←↑→↓★☆○●◎◇◆□■△▲▽▼※〒♪♥"
KANA = "".join(
    map(chr, [*range(0x3000, 0x3020), *range(0x3041, 0x3097), *range(0x3099, 0x3100), *range(0xFF01, 0xFF5F)])
)


def gb2312() -> str:
    """Every character of GB2312."""
    pairs = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", "ignore") for pair in pairs)


def source() -> Path:
    """The variable font collection inside the installed package."""
    collections = [file for file in files("manimgx-fonts-cjk") or () if file.suffix == ".ttc"]
    return Path(str(collections[0].locate()))


def main(out: Path) -> None:
    """Select the weight and the characters, and write the font."""
    font = instantiateVariableFont(TTFont(source(), fontNumber=SIMPLIFIED_CHINESE), {"wght": BOLD})
    options = Options(
        hinting=False,
        desubroutinize=False,
        layout_features=["kern", "vert", "ccmp"],
        name_IDs=[0, 1, 2, 3, 4, 6, 13, 14],
    )
    options.notdef_outline = False
    subsetter = Subsetter(options)
    subsetter.populate(text=LATIN + SIGNS + KANA + gb2312())
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same bytes in every build
    font.recalcTimestamp = False
    font.save(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
