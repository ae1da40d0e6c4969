"""Moods: a time of day or a weather for prompts that name nothing that can be drawn."""

from __future__ import annotations

from collections.abc import Mapping

from filmgate_scene.registry import Words

__all__ = ["MOODS"]

MOODS: Mapping[str, Words] = {
    "dawn": Words(
        en=("hope", "hopeful", "beginning", "beginnings", "birth", "innocence", "faith", "awakening"),
        zh=("希望", "新生", "开始", "诞生", "信念", "觉醒"),
    ),
    "sunset": Words(
        en=("nostalgia", "nostalgic", "longing", "farewell", "goodbye", "gratitude", "passion", "desire"),
        zh=("思念", "怀旧", "离别", "告别", "乡愁", "感恩", "热情"),
    ),
    "night": Words(
        en=("dream", "dreams", "mystery", "mysterious", "loneliness", "solitude", "silence", "infinity", "eternity"),
        zh=("梦", "梦境", "孤独", "神秘", "寂静", "沉默", "无限", "永恒", "宇宙之谜"),
    ),
    "fog": Words(
        en=("memory", "memories", "time", "forgetting", "uncertainty", "doubt", "truth", "entropy"),
        zh=("记忆", "回忆", "时间", "遗忘", "迷茫", "真相", "虚无"),
    ),
    "rain": Words(
        en=("grief", "sorrow", "sadness", "sad", "melancholy", "melancholic", "loss"),
        zh=("悲伤", "忧伤", "哀愁", "失落", "忧郁"),
    ),
    "storm": Words(en=("anger", "rage", "chaos", "fear", "war", "fury"), zh=("愤怒", "混乱", "恐惧", "战争")),
    "petals": Words(en=("love", "joy", "happiness", "tenderness"), zh=("爱", "爱情", "喜悦", "幸福", "温柔")),
}
"""Mood words, by the name of the time of day or weather; the first mood in the prompt decides."""
