"""``filmgate doctor`` checks of the renderer: its fonts can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import ImageFont

from filmgate.cli.commands.doctor_checks import Finding
from filmgate.cli.texts import Texts

__all__ = ["checks"]

FOLDER = Path(__file__).with_name("fonts")  # importing the package of that name would load the compiler


def checks(text: Texts) -> Iterator[Finding]:
    """Run the checks; their texts are part of the catalogue."""
    text.include("filmgate_scene.texts")
    try:
        names = [ImageFont.truetype(path, 20).getname()[0] for path in sorted(FOLDER.glob("*.otf"))]
    except OSError as error:
        yield Finding(check="fonts", name="no_fonts", passed=False, values={"reason": error})
    else:
        yield Finding(check="fonts", name="fonts", values={"names": ", ".join(name or "" for name in names)})
