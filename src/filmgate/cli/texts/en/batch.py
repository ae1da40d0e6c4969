"""Many films: batch and story."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.template": "TEMPLATE",
    "batch.short": "Make a film of each row of a file.",
    "batch.help": "Make a film of each row of FILE: CSV, JSONL, JSON, YAML, or text with a prompt a line; "
    "`-` reads standard input.\n\n"
    "Columns are prompt, model, seconds, size, input_reference, seed, fit, characters, metadata.…, name and output, in "
    "English or Chinese. Everything is checked before anything is sent. A journal beside FILE knows what was asked "
    "for: killed at any moment and run again, no row is made twice and none is missed.\n\n"
    "\b\nExamples:\n  filmgate batch prompts.csv\n  filmgate batch prompts.csv --dry-run\n"
    "  filmgate batch prompts.txt --size 1280x720 --seconds 8 --out films\n"
    "  filmgate batch prompts.csv --concurrency 8 --rate 30 --budget 100\n"
    "  filmgate batch prompts.csv.filmgate/failed.jsonl\n",
    "batch.output": "Names of the films, e.g. '{n:03}-{slug}.{ext}'; a row's own output wins.",
    "batch.model": "For rows that name none.",
    "batch.size": "For rows without a size.",
    "batch.seconds": "For rows without a length.",
    "batch.limit": "Ask for at most N new films this time.",
    "batch.archive": "Write the result of each row into this file, as JSON lines.",
    "batch.as": "The format of FILE; else its name and its beginning say.",
    "batch.encoding": "The encoding of FILE; else UTF-8, UTF-16 or GB 18030 (GBK), told by its bytes.",
    "batch.again": "To run the failed rows again:  filmgate batch {file} --out {out}",
    "batch.concurrency": "Films in the making at once; 4 unless given.",
    "batch.rate": "Films asked for a minute; else as many as the server takes. Its limits are obeyed either way.",
    "batch.budget": "Units that all films together may cost, over all runs; stops before one would exceed them.",
    "batch.out": "Where the films go; else a folder beside FILE of the same name.",
    "batch.journal": "Where the journal lies; else in FILE.filmgate.",
    "batch.retry_failed": "Ask once more for films that failed.",
    "batch.resend_unknown": "Ask once more for films whose fate is unknown; they may then be made and charged twice.",
    "batch.dry_run": "Only check everything, and show what would be done and what it would cost.",
    "batch.row": "Row {row}",
    "batch.shot": "Shot {row}",
    "batch.refused": "Nothing was sent. Mend that, then run it again.",
    "batch.more_problems": "… and {count} more.",
    "batch.plan": "{count} film(s) to ask for, {cost} units.",
    "batch.summary": "{done} of {total} films are in {out}; {cost} units in all.",
    "batch.row_failed": "{row}  {video_id}  {why}",
    "batch.response_lost": "the answer to its create got lost",
    "batch.failed": "{count} failed and cost nothing; --retry-failed asks for them once more.",
    "batch.download_failed": "{count} could not be brought here; the same command tries again.",
    "batch.unknown": "{count} may have been accepted, nobody knows. Look at `filmgate list`; --resend-unknown asks "
    "once more.",
    "batch.skipped": "{count} were not asked for; the same command goes on.",
    "batch.state.new": "new",
    "batch.state.started": "begun",
    "batch.state.saved": "done",
    "batch.state.failed": "failed",
    "batch.state.unknown": "unknown",
    "interrupt.batch": "{done} of {total} are done. Nothing is lost: the same command goes on where this one stopped.",
    "progress.total": "All",
    "progress.submitting": "asking",
    "progress.row_submitted": "{row}  {id}",
    "progress.row_delayed": "{row}  waits {time}: {why}",
    "progress.delayed": "waits {time}",
    "progress.failed": "{count} failed",
    "progress.row_saved": "{row}  {path}",
    "column.row": "row",
    "column.state": "state",
    "column.cost": "cost",
    "rows.empty": "There is nothing in the file.",
    "rows.encoding": "The file is no text in {encoding}; --encoding names another.",
    "rows.quotes": "the quotes don't match ({reason}).",
    "rows.too_many_cells": "it has {count} cells, the first row names {columns}. Put a cell with separators into quotes.",
    "rows.json": "that is no JSON ({reason}).",
    "rows.yaml": "that is no YAML ({reason}).",
    "rows.not_a_list": "The file holds no list of films.",
    "rows.not_an_object": "that is neither a prompt nor an object with one.",
    "rows.missing_prompt": "it has no prompt.",
    "rows.unknown_column": "there is no column {name!r}; did you mean {nearest}?",
    "rows.duplicate_column": "{column} is given twice, again as {name!r}.",
    "rows.not_text": "{name}: {value!r} is no text.",
    "rows.seconds": "{name}: {value!r} is no number of seconds.",
    "rows.size": "{name}: {value!r} is no size; one looks like 1280x720.",
    "rows.seed": "{name}: {value!r} is no seed; one is a whole number from 0 to 2^63-1.",
    "rows.fit": "{name}: {value!r} is none of {known}.",
    "rows.metadata": "{name} holds no names and values.",
    "rows.bad_size": "size {value} is none that the model makes; it makes {known}.",
    "rows.bad_seconds": "{value} seconds is no length that the model makes; it makes {known}.",
    "rows.bad_model": "there is no model {value}; there are {known}.",
    "rows.prompt_too_long": "the prompt has {count} characters; {most} are taken.",
    "rows.no_file": "{path}: {reason}.",
    "rows.not_an_image": "{path} is no JPEG, PNG or WebP.",
    "rows.image_size": "{path} is {size} pixels, the film {wanted}; crop it, or say fit: crop or pad.",
    "rows.same_output": "row {other} is to be saved as {path} too.",
    "rows.output": "{reason}",
    "rows.exists": "{path} exists already; --force replaces it.",
    "rows.unknown_price": "the server does not say what it costs, so no budget can be kept.",
    "story.short": "Make one film of many shots.",
    "story.help": "Make the shots of FILE (YAML, JSON or TOML) and join them to one film; its path is the result.\n\n"
    "A shot may begin with the last frame of another: `continue: true` for the one before, or "
    "`reference: {last_frame_of: NAME}`. Shots that don't wait for each other are made side by side. Run again, only "
    "shots that are missing or changed are made, and those that go on from them.\n\n"
    "\b\nExample of a FILE:\n  title: The lake\n  style: watercolour, soft light\n"
    "  defaults: {seconds: 4, size: 1280x720}\n  shots:\n    - {name: dawn, prompt: mist over a lake}\n"
    "    - {name: boat, prompt: a boat comes out of the mist, continue: true}\n\n"
    "\b\nExamples:\n  filmgate story lake.yaml\n  filmgate story lake.yaml --dry-run\n"
    "  filmgate story lake.yaml --out lake -o lake.mp4 --budget 20\n",
    "story.output": "Where the joined film is saved; else in the folder of the shots, by its title.",
    "story.joining": "Joining {count} shots",
    "column.after": "after",
    "rows.not_a_story": "The file holds no story: a mapping with shots.",
    "rows.unknown_story_key": "A story has no {name!r}; it has {known}.",
    "rows.story_defaults": "The defaults are no mapping.",
    "rows.story_characters": "The characters are no mapping of names to descriptions.",
    "rows.no_shots": "The story has no shots.",
    "rows.first_continues": "there is no shot before it to go on from.",
    "rows.duplicate_name": "Two shots are called {name!r}.",
    "rows.unknown_shot": "there is no shot {name!r}; there are {known}.",
    "rows.cycle": "{name!r} begins with its own end: its references lead in a circle.",
}
