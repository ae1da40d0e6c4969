"""A story as its author writes it: shots in the order in which they are shown, and which goes on from which."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct
from msgspec.structs import replace

from filmgate.batch import columns
from filmgate.batch.formats import UnreadableFile, decode_text
from filmgate.batch.rows import BatchRow, Problem, params_digest

__all__ = ["StoryScript", "StoryShot", "read_script"]

_KEYS: Final = {
    "title": ("title", "标题", "片名"),
    "style": ("style", "风格"),
    "defaults": ("defaults", "默认"),
    "characters": ("characters", "角色", "人物"),
    "shots": ("shots", "镜头"),
}
_CONTINUE_KEYS: Final = ("continue", "延续", "接上一镜")
_LAST_FRAME_KEYS: Final = ("last_frame_of", "末帧")
_REFERENCE_PATTERN: Final = re.compile(
    r"(?:the )?last frame of (?P<en>.+)|(?P<zh>.+?)的(?:末帧|最后一帧)", re.IGNORECASE
)


class StoryShot(Struct, frozen=True, kw_only=True):
    """One shot; its row is what is asked for, but for the picture that another shot's last frame gives."""

    row: BatchRow
    continues_from: str | None = None  # the name of the shot whose last frame it begins with

    @property
    def name(self) -> str:
        """What other shots call it."""
        return self.row.name


class StoryScript(Struct, frozen=True, kw_only=True):
    """A story, or what is wrong with it."""

    title: str = ""
    shots: Sequence[StoryShot] = ()
    problems: Sequence[Problem] = ()


class _InvalidScript(Exception):
    def __init__(self, shot: int, code: str, **values: object) -> None:
        super().__init__(code)
        self.problem = Problem(shot, code, values)


def read_script(data: bytes, name: str, folder: Path) -> StoryScript:
    """Read a story.

    Args:
        data: the bytes of its file: YAML, JSON or TOML.
        name: the file's name, for its ending.
        folder: what its paths are relative to.
    """
    try:
        tale = _parse_script(decode_text(data), name)
        shots = list(_read_shots(tale, folder))
    except UnreadableFile as error:
        return StoryScript(problems=[error.problem])
    except _InvalidScript as bad:
        return StoryScript(problems=[bad.problem])
    problems = [shot for shot in shots if isinstance(shot, Problem)]
    good = [shot for shot in shots if isinstance(shot, StoryShot)]
    problems += _reference_problems(good)
    title = str(tale.get("title") or "")
    return StoryScript(title=title, shots=() if problems else _assign_keys(good), problems=problems)


def _parse_script(text: str, name: str) -> dict[str, Any]:
    """The file's top level, its names in English."""
    load = _LOADERS.get(Path(name).suffix.lower(), yaml.safe_load)
    try:
        value = load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        reason = f"{error.problem}, line {mark.line + 1}" if mark else error.problem
        raise UnreadableFile("yaml", reason=reason) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableFile("yaml", reason=error) from None
    if not isinstance(value, dict):
        raise _InvalidScript(0, "not_a_story")
    names = {spelling: key for key, spellings in _KEYS.items() for spelling in spellings}
    for key in value:
        if str(key).lower() not in names:
            raise _InvalidScript(0, "unknown_story_key", name=key, known=", ".join(_KEYS))
    return {names[str(key).lower()]: part for key, part in value.items()}


_LOADERS: Final[dict[str, Callable[[str], Any]]] = {".json": json.loads, ".toml": tomllib.loads}


def _read_shots(script: Mapping[str, Any], folder: Path) -> Iterator[StoryShot | Problem]:
    given, defaults = script.get("shots"), script.get("defaults") or {}
    if not isinstance(given, list) or not given:
        raise _InvalidScript(0, "no_shots")
    if not isinstance(defaults, dict):
        raise _InvalidScript(0, "story_defaults")
    before: str | None = None
    for number, entry in enumerate(given, start=1):
        try:
            shot = _read_shot(number, entry, defaults, folder, before)
        except _InvalidScript as bad:
            yield bad.problem
            continue
        yield replace(shot, row=_with_story_context(shot.row, script)) if isinstance(shot, StoryShot) else shot
        before = shot.name if isinstance(shot, StoryShot) else None


def _read_shot(
    number: int, entry: object, defaults: Mapping[str, object], folder: Path, previous: str | None
) -> StoryShot | Problem:
    if isinstance(entry, str):
        entry = {"prompt": entry}
    if not isinstance(entry, dict):
        raise _InvalidScript(number, "not_an_object")
    fields = {str(name): value for name, value in entry.items()}
    after = _continued_shot(number, fields, previous)
    if after is not None:
        fields = {name: value for name, value in fields.items() if columns.column_for(name) != "input_reference"}
    named = {columns.column_for(name) or name for name in fields}
    missing = {name: value for name, value in defaults.items() if columns.column_for(str(name)) not in named}
    row = columns.read_row(number, {**missing, **fields}, folder)
    if isinstance(row, Problem):
        return row
    return StoryShot(row=replace(row, name=row.name or f"shot-{number}"), continues_from=after)


def _continued_shot(number: int, fields: dict[str, object], previous: str | None) -> str | None:
    """The shot whose last frame this one begins with; what says so is taken out of the fields."""
    goes_on = [fields.pop(name) for name in _CONTINUE_KEYS if name in fields]
    for name in list(fields):
        if columns.column_for(name) == "input_reference" and (shot := _referenced_shot(fields[name])):
            return shot
    if not any(goes_on):
        return None
    if previous is None:
        raise _InvalidScript(number, "first_continues")
    return previous


def _referenced_shot(reference: object) -> str | None:
    """The shot that a reference names: ``{last_frame_of: NAME}``, or ``last frame of NAME``."""
    if isinstance(reference, dict):
        return next((str(reference[key]) for key in _LAST_FRAME_KEYS if key in reference), None)
    match = _REFERENCE_PATTERN.fullmatch(reference.strip()) if isinstance(reference, str) else None
    return (match["en"] or match["zh"]).strip() if match else None


def _with_story_context(row: BatchRow, script: Mapping[str, Any]) -> BatchRow:
    """The row with the story's style before its prompt, and whom it names described after it."""
    cast = script.get("characters") or {}
    if not isinstance(cast, dict):
        raise _InvalidScript(0, "story_characters")
    prompt = row.params.prompt
    seen = [f"{name}: {told}" for name, told in cast.items() if str(name) in prompt]
    whole = "\n".join(filter(None, [str(script.get("style") or ""), prompt, *seen]))
    return replace(row, params=replace(row.params, prompt=whole))


def _reference_problems(shots: Sequence[StoryShot]) -> Iterable[Problem]:
    """Names that are given twice, meant but not there, or that lead in a circle."""
    after = {shot.name: shot.continues_from for shot in shots}
    for name, count in Counter(shot.name for shot in shots).items():
        if count > 1:
            yield Problem(0, "duplicate_name", {"name": name})
    for shot in shots:
        if shot.continues_from is not None and shot.continues_from not in after:
            yield Problem(shot.row.number, "unknown_shot", {"name": shot.continues_from, "known": ", ".join(after)})
        elif _is_cyclic(shot.name, after):
            yield Problem(shot.row.number, "cycle", {"name": shot.name})


def _is_cyclic(name: str, after: Mapping[str, str | None]) -> bool:
    seen, at = {name}, after.get(name)
    while at is not None and at not in seen:
        seen.add(at)
        at = after.get(at)
    return at == name


def _assign_keys(shots: Sequence[StoryShot]) -> list[StoryShot]:
    """The shots with their keys: of what is wanted and, where it begins with another's last frame, of that one's key.

    So a changed shot is made anew with all that go on from it, and nothing else is.
    """
    by_name, keys = {shot.name: shot for shot in shots}, dict[str, str]()
    seen: Counter[str] = Counter()

    def like(shot: StoryShot) -> str:
        if shot.name not in keys:
            before = like(by_name[shot.continues_from]) if shot.continues_from else ""
            same = params_digest(shot.row.params, "story", before)
            seen[same] += 1
            keys[shot.name] = f"{same}-{seen[same]}"
        return keys[shot.name]

    return [replace(shot, row=replace(shot.row, key=like(shot))) for shot in shots]
