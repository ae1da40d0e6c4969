"""Story scripts: shots in display order, and which shot continues which."""

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
    """One shot; its row is complete except for the image from another shot's last frame."""

    row: BatchRow
    continues_from: str | None = None  # name of the shot whose last frame is this one's first

    @property
    def name(self) -> str:
        """The name by which other shots refer to it."""
        return self.row.name


class StoryScript(Struct, frozen=True, kw_only=True):
    """A story, or its problems."""

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
        data: the file's bytes: YAML, JSON or TOML.
        name: the file's name; its suffix shows the format.
        folder: base of relative paths.
    """
    try:
        script = _parse_script(decode_text(data), name)
        shots = list(_read_shots(script, folder))
    except UnreadableFile as error:
        return StoryScript(problems=[error.problem])
    except _InvalidScript as error:
        return StoryScript(problems=[error.problem])
    problems = [shot for shot in shots if isinstance(shot, Problem)]
    valid = [shot for shot in shots if isinstance(shot, StoryShot)]
    problems += _reference_problems(valid)
    title = str(script.get("title") or "")
    return StoryScript(title=title, shots=() if problems else _assign_keys(valid), problems=problems)


def _parse_script(text: str, name: str) -> dict[str, Any]:
    """Parse the file's top level; its keys are translated to English."""
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
    entries, defaults = script.get("shots"), script.get("defaults") or {}
    if not isinstance(entries, list) or not entries:
        raise _InvalidScript(0, "no_shots")
    if not isinstance(defaults, dict):
        raise _InvalidScript(0, "story_defaults")
    previous: str | None = None
    for number, entry in enumerate(entries, start=1):
        try:
            shot = _read_shot(number, entry, defaults, folder, previous)
        except _InvalidScript as error:
            yield error.problem
            continue
        yield replace(shot, row=_with_story_context(shot.row, script)) if isinstance(shot, StoryShot) else shot
        previous = shot.name if isinstance(shot, StoryShot) else None


def _read_shot(
    number: int, entry: object, defaults: Mapping[str, object], folder: Path, previous: str | None
) -> StoryShot | Problem:
    if isinstance(entry, str):
        entry = {"prompt": entry}
    if not isinstance(entry, dict):
        raise _InvalidScript(number, "not_an_object")
    fields = {str(name): value for name, value in entry.items()}
    continues_from = _continued_shot(number, fields, previous)
    if continues_from is not None:
        fields = {name: value for name, value in fields.items() if columns.column_for(name) != "input_reference"}
    set_columns = {columns.column_for(name) or name for name in fields}
    unset_defaults = {
        name: value for name, value in defaults.items() if columns.column_for(str(name)) not in set_columns
    }
    row = columns.read_row(number, {**unset_defaults, **fields}, folder)
    if isinstance(row, Problem):
        return row
    return StoryShot(row=replace(row, name=row.name or f"shot-{number}"), continues_from=continues_from)


def _continued_shot(number: int, fields: dict[str, object], previous: str | None) -> str | None:
    """Return the shot that this one continues, if any; remove the fields that name it."""
    continue_values = [fields.pop(name) for name in _CONTINUE_KEYS if name in fields]
    for name in list(fields):
        if columns.column_for(name) == "input_reference" and (shot := _referenced_shot(fields[name])):
            return shot
    if not any(continue_values):
        return None
    if previous is None:
        raise _InvalidScript(number, "first_continues")
    return previous


def _referenced_shot(reference: object) -> str | None:
    """Return the shot that a reference names: ``{last_frame_of: NAME}``, or ``last frame of NAME``."""
    if isinstance(reference, dict):
        return next((str(reference[key]) for key in _LAST_FRAME_KEYS if key in reference), None)
    match = _REFERENCE_PATTERN.fullmatch(reference.strip()) if isinstance(reference, str) else None
    return (match["en"] or match["zh"]).strip() if match else None


def _with_story_context(row: BatchRow, script: Mapping[str, Any]) -> BatchRow:
    """Return the row with the story's style before its prompt, and the characters in the prompt described after it."""
    characters = script.get("characters") or {}
    if not isinstance(characters, dict):
        raise _InvalidScript(0, "story_characters")
    prompt = row.params.prompt
    descriptions = [f"{name}: {description}" for name, description in characters.items() if str(name) in prompt]
    full_prompt = "\n".join(filter(None, [str(script.get("style") or ""), prompt, *descriptions]))
    return replace(row, params=replace(row.params, prompt=full_prompt))


def _reference_problems(shots: Sequence[StoryShot]) -> Iterable[Problem]:
    """Yield problems of shot names: duplicate, unknown, or in a cycle."""
    predecessors = {shot.name: shot.continues_from for shot in shots}
    for name, count in Counter(shot.name for shot in shots).items():
        if count > 1:
            yield Problem(0, "duplicate_name", {"name": name})
    for shot in shots:
        if shot.continues_from is not None and shot.continues_from not in predecessors:
            yield Problem(
                shot.row.number, "unknown_shot", {"name": shot.continues_from, "known": ", ".join(predecessors)}
            )
        elif _is_cyclic(shot.name, predecessors):
            yield Problem(shot.row.number, "cycle", {"name": shot.name})


def _is_cyclic(name: str, predecessors: Mapping[str, str | None]) -> bool:
    visited, current = {name}, predecessors.get(name)
    while current is not None and current not in visited:
        visited.add(current)
        current = predecessors.get(current)
    return current == name


def _assign_keys(shots: Sequence[StoryShot]) -> list[StoryShot]:
    """Assign each shot its key: a digest of its parameters and of the key of the shot it continues.

    So a changed shot is made again with all shots that continue it, and no other.
    """
    by_name, keys = {shot.name: shot for shot in shots}, dict[str, str]()
    counts: Counter[str] = Counter()

    def key_of(shot: StoryShot) -> str:
        if shot.name not in keys:
            previous_key = key_of(by_name[shot.continues_from]) if shot.continues_from else ""
            digest = params_digest(shot.row.params, "story", previous_key)
            counts[digest] += 1
            keys[shot.name] = f"{digest}-{counts[digest]}"
        return keys[shot.name]

    return [replace(shot, row=replace(shot.row, key=key_of(shot))) for shot in shots]
