"""Above the clouds: a white sea to the horizon, with peaks above it."""

from __future__ import annotations

from filmgate_scene.layers.cloudsea import cloud_sea
from filmgate_scene.layers.ridge import Ridge, ridge
from filmgate_scene.layers.sky import sky
from filmgate_scene.registry import setting
from filmgate_scene.stage import SceneStage


@setting(
    "sky",
    en=(
        "above the clouds",
        "sea of clouds",
        "cloudscape",
        "in the sky",
        "across the sky",
        "through the clouds",
        "heaven",
        "starry sky",
        "night sky",
        "clouds at sunset",
    ),
    zh=("云海", "云端", "云层", "云上", "空中", "天际", "高空", "云海之上", "星空", "夜空", "满天星斗"),
    time="golden",
    camera=("dolly",),
)
def above(stage: SceneStage) -> None:
    """Seen from a plane's window."""
    h = stage.height
    stage.horizon, stage.eye = h * (0.56 if not stage.portrait else 0.60), 60.0
    stage.focal = 0.9 * max(h * 0.8, min(stage.width, h))
    stage.subject_depth, stage.depth_range, stage.camera_range = 90.0, (40.0, 400.0), 12.0
    if stage.needs_ground:  # subjects walk on the clouds
        stage.eye, stage.subject_depth, stage.depth_range, stage.camera_range = 1.6, 6.0, (3.0, 8.0), 1.0
    sky(stage)
    if stage.seed % 2:
        peaks = Ridge(
            depth=2600.0,
            base=stage.horizon + 0.03 * h,
            rise=0.13 * h,
            width=0.5,
            colour=(0.42, 0.46, 0.56),
            sharp=True,
            snow=0.9,
            mist=0.9,
            bottom=stage.horizon + 0.05 * h,
        )
        ridge(stage, peaks)
    cloud_sea(stage)
    stage.add_ambience(wind=0.8, pad=0.5)
