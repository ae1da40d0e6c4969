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
from filmgate.batch.formats import Unreadable, decode
from filmgate.batch.rows import Problem, Row, digest

__all__ = ["Script", "Shot", "read"]

_KEYS: Final = {
    "title": ("title", "标题", "片名"),
    "style": ("style", "风格"),
    "defaults": ("defaults", "默认"),
    "characters": ("characters", "角色", "人物"),
    "shots": ("shots", "镜头"),
}
_CONTINUE: Final = ("continue", "延续", "接上一镜")
_LAST_FRAME: Final = ("last_frame_of", "末帧")
_SPOKEN: Final = re.compile(r"(?:the )?last frame of (?P<en>.+)|(?P<zh>.+?)的(?:末帧|最后一帧)", re.IGNORECASE)


class Shot(Struct, frozen=True, kw_only=True):
    """One shot; its row is what is asked for, but for the picture that another shot's last frame gives."""

    row: Row
    after: str | None = None  # the name of the shot whose last frame it begins with

    @property
    def name(self) -> str:
        """What other shots call it."""
        return self.row.name


class Script(Struct, frozen=True, kw_only=True):
    """A story, or what is wrong with it."""

    title: str = ""
    shots: Sequence[Shot] = ()
    problems: Sequence[Problem] = ()


class _Bad(Exception):
    def __init__(self, shot: int, what: str, **values: object) -> None:
        super().__init__(what)
        self.problem = Problem(shot, what, values)


def read(data: bytes, name: str, folder: Path) -> Script:
    """Read a story.

    Args:
        data: the bytes of its file: YAML, JSON or TOML.
        name: the file's name, for its ending.
        folder: what its paths are relative to.
    """
    try:
        tale = _tale(decode(data), name)
        shots = list(_shots(tale, folder))
    except Unreadable as error:
        return Script(problems=[error.problem])
    except _Bad as bad:
        return Script(problems=[bad.problem])
    problems = [shot for shot in shots if isinstance(shot, Problem)]
    good = [shot for shot in shots if isinstance(shot, Shot)]
    problems += _tangles(good)
    title = str(tale.get("title") or "")
    return Script(title=title, shots=() if problems else _keyed(good), problems=problems)


def _tale(text: str, name: str) -> dict[str, Any]:
    """The file's top level, its names in English."""
    load = _LOADERS.get(Path(name).suffix.lower(), yaml.safe_load)
    try:
        value = load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        reason = f"{error.problem}, line {mark.line + 1}" if mark else error.problem
        raise Unreadable("yaml", reason=reason) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable("yaml", reason=error) from None
    if not isinstance(value, dict):
        raise _Bad(0, "story")
    names = {spelling: key for key, spellings in _KEYS.items() for spelling in spellings}
    for key in value:
        if str(key).lower() not in names:
            raise _Bad(0, "story_key", name=key, known=", ".join(_KEYS))
    return {names[str(key).lower()]: part for key, part in value.items()}


_LOADERS: Final[dict[str, Callable[[str], Any]]] = {".json": json.loads, ".toml": tomllib.loads}


def _shots(tale: Mapping[str, Any], folder: Path) -> Iterator[Shot | Problem]:
    given, defaults = tale.get("shots"), tale.get("defaults") or {}
    if not isinstance(given, list) or not given:
        raise _Bad(0, "no_shots")
    if not isinstance(defaults, dict):
        raise _Bad(0, "story_defaults")
    before: str | None = None
    for number, entry in enumerate(given, start=1):
        try:
            shot = _shot(number, entry, defaults, folder, before)
        except _Bad as bad:
            yield bad.problem
            continue
        yield replace(shot, row=_told(shot.row, tale)) if isinstance(shot, Shot) else shot
        before = shot.name if isinstance(shot, Shot) else None


def _shot(
    number: int, entry: object, defaults: Mapping[str, object], folder: Path, before: str | None
) -> Shot | Problem:
    if isinstance(entry, str):
        entry = {"prompt": entry}
    if not isinstance(entry, dict):
        raise _Bad(number, "object")
    fields = {str(name): value for name, value in entry.items()}
    after = _after(number, fields, before)
    if after is not None:
        fields = {name: value for name, value in fields.items() if columns.known(name) != "input_reference"}
    named = {columns.known(name) or name for name in fields}
    missing = {name: value for name, value in defaults.items() if columns.known(str(name)) not in named}
    row = columns.read(number, {**missing, **fields}, folder)
    if isinstance(row, Problem):
        return row
    return Shot(row=replace(row, name=row.name or f"shot-{number}"), after=after)


def _after(number: int, fields: dict[str, object], before: str | None) -> str | None:
    """The shot whose last frame this one begins with; what says so is taken out of the fields."""
    goes_on = [fields.pop(name) for name in _CONTINUE if name in fields]
    for name in list(fields):
        if columns.known(name) == "input_reference" and (shot := _named(fields[name])):
            return shot
    if not any(goes_on):
        return None
    if before is None:
        raise _Bad(number, "first_continues")
    return before


def _named(reference: object) -> str | None:
    """The shot that a reference names: ``{last_frame_of: NAME}``, or ``last frame of NAME``."""
    if isinstance(reference, dict):
        return next((str(reference[key]) for key in _LAST_FRAME if key in reference), None)
    match = _SPOKEN.fullmatch(reference.strip()) if isinstance(reference, str) else None
    return (match["en"] or match["zh"]).strip() if match else None


def _told(row: Row, tale: Mapping[str, Any]) -> Row:
    """The row with the story's style before its prompt, and whom it names described after it."""
    cast = tale.get("characters") or {}
    if not isinstance(cast, dict):
        raise _Bad(0, "story_cast")
    prompt = row.wanted.prompt
    seen = [f"{name}: {told}" for name, told in cast.items() if str(name) in prompt]
    whole = "\n".join(filter(None, [str(tale.get("style") or ""), prompt, *seen]))
    return replace(row, wanted=replace(row.wanted, prompt=whole))


def _tangles(shots: Sequence[Shot]) -> Iterable[Problem]:
    """Names that are given twice, meant but not there, or that lead in a circle."""
    after = {shot.name: shot.after for shot in shots}
    for name, count in Counter(shot.name for shot in shots).items():
        if count > 1:
            yield Problem(0, "name_twice", {"name": name})
    for shot in shots:
        if shot.after is not None and shot.after not in after:
            yield Problem(shot.row.number, "no_shot", {"name": shot.after, "known": ", ".join(after)})
        elif _circles(shot.name, after):
            yield Problem(shot.row.number, "circle", {"name": shot.name})


def _circles(name: str, after: Mapping[str, str | None]) -> bool:
    seen, at = {name}, after.get(name)
    while at is not None and at not in seen:
        seen.add(at)
        at = after.get(at)
    return at == name


def _keyed(shots: Sequence[Shot]) -> list[Shot]:
    """The shots with their keys: of what is wanted and, where it begins with another's last frame, of that one's key.

    So a changed shot is made anew with all that go on from it, and nothing else is.
    """
    by_name, keys = {shot.name: shot for shot in shots}, dict[str, str]()
    seen: Counter[str] = Counter()

    def like(shot: Shot) -> str:
        if shot.name not in keys:
            before = like(by_name[shot.after]) if shot.after else ""
            same = digest(shot.row.wanted, "story", before)
            seen[same] += 1
            keys[shot.name] = f"{same}-{seen[same]}"
        return keys[shot.name]

    return [replace(shot, row=replace(shot.row, key=like(shot))) for shot in shots]
