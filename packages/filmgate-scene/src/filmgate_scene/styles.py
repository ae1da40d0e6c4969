"""Styles: the base grade, and the styles that change it."""

from __future__ import annotations

from filmgate_scene import registry
from filmgate_scene.look import Look, graded, replace, saturate


@registry.style(
    "cinematic",
    en=("cinematic", "film", "movie", "photorealistic", "realistic", "4k"),
    zh=("电影感", "电影", "大片", "写实", "真实"),
)
def cinematic(look: Look) -> Look:
    """Warm lights, teal shadows, a deeper vignette."""
    warm = graded(look, (1.06, 0.01, -0.03, -0.006), (0.0, 1.01, 0.0, 0.0), (-0.02, 0.03, 0.97, 0.012))
    return replace(warm, vignette=look.vignette * 1.25, bloom=look.bloom * 1.1)


@registry.style(
    "watercolour",
    en=("watercolour", "watercolor", "painting", "painted", "gouache"),
    zh=("水彩画", "水彩", "绘画", "油画"),
)
def watercolour(look: Look) -> Look:
    """Pale pigments that run on toothy paper."""
    return replace(
        saturate(look, 0.92, lift=0.09, gain=0.95), vignette=-0.25, grain=0.4, paper=1.0, softness=0.006, ink=0.35
    )


@registry.style(
    "ink",
    en=("ink wash", "ink painting", "sumi-e", "sumi", "ink style", "chinese painting"),
    zh=("水墨画", "水墨", "国画", "山水画"),
    time="day",
)
def ink(look: Look) -> Look:
    """Black ink on warm rice paper, hardly any colour."""
    pale = saturate(look, 0.16, gain=0.92)
    warm = graded(pale, (1.0, 0.0, 0.0, 0.13), (0.0, 1.0, 0.0, 0.115), (0.0, 0.0, 1.0, 0.075))
    return replace(warm, vignette=-0.35, grain=0.4, paper=0.9, softness=0.006, ink=0.9)


@registry.style(
    "anime", en=("anime", "cartoon", "ghibli", "animated", "manga"), zh=("动漫", "动画", "卡通", "二次元", "吉卜力")
)
def anime(look: Look) -> Look:
    """Clean, bright and saturated."""
    return replace(saturate(look, 1.25, lift=0.015), vignette=0.3, grain=0.0, bloom=look.bloom * 1.25)


@registry.style(
    "paper",
    en=(
        "paper cut",
        "papercut",
        "paper-cut",
        "paper cutout",
        "paper craft",
        "papercraft",
        "cut paper",
        "collage",
        "origami",
    ),
    zh=("剪纸", "纸艺", "纸雕", "剪贴画", "折纸"),
    time="day",
)
def paper(look: Look) -> Look:
    """Sheets of coloured paper, each casting a shadow on the one below."""
    return replace(saturate(look, 1.15, lift=0.03), vignette=0.2, grain=0.4, bloom=0.0, paper=1.0, sheets=6)


@registry.style(
    "cyberpunk",
    en=("cyberpunk", "futuristic", "synthwave", "vaporwave", "neon"),
    zh=("赛博朋克", "赛博", "未来感", "未来主义", "霓虹"),
    time="night",
)
def cyberpunk(look: Look) -> Look:
    """Magenta and cyan, glowing."""
    neon = graded(look, (1.08, 0.0, 0.10, 0.0), (-0.02, 0.94, 0.06, 0.0), (0.06, 0.04, 1.14, 0.012))
    return replace(neon, vignette=look.vignette * 1.2, bloom=look.bloom * 1.35)


@registry.style("mono", en=("black and white", "black-and-white", "monochrome", "noir", "b&w"), zh=("黑白", "单色"))
def mono(look: Look) -> Look:
    """Silver: no colour, slightly more contrast. Applied last, so that no other style restores colour."""
    return replace(saturate(look, 0.0, lift=-0.03, gain=1.1), grain=1.0, vignette=look.vignette * 1.3)
