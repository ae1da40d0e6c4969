"""Texts of batch and story."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.template": "TEMPLATE",
    "batch.short": "Generate a video for each row of a file.",
    "batch.help": "Generate a video for each row of FILE: CSV, JSONL, JSON, YAML, or text with one prompt per line; "
    "`-` reads standard input.\n\n"
    "Columns are prompt, model, seconds, size, input_reference, seed, fit, characters, metadata.…, name and output, in "
    "English or Chinese. Everything is checked before anything is sent. A journal beside FILE records every "
    "submission: after a crash at any moment, the same command generates no row twice and misses none.\n\n"
    "\b\nExamples:\n  filmgate batch prompts.csv\n  filmgate batch prompts.csv --dry-run\n"
    "  filmgate batch prompts.txt --size 1280x720 --seconds 8 --out videos\n"
    "  filmgate batch prompts.csv --concurrency 8 --rate 30 --budget 100\n"
    "  filmgate batch prompts.csv.filmgate/failed.jsonl\n",
    "batch.output": "File name template, e.g. '{n:03}-{slug}.{ext}'; a row's own output takes precedence.",
    "batch.model": "Model of rows without one.",
    "batch.size": "Size of rows without one.",
    "batch.seconds": "Length of rows without one.",
    "batch.limit": "Submit at most N new videos in this run.",
    "batch.archive": "Write the result of each row to this file, as JSON lines.",
    "batch.as": "Format of FILE. Default: from its name, then its first bytes.",
    "batch.encoding": "Encoding of FILE. Default: UTF-8, UTF-16 or GB 18030 (GBK), detected from its bytes.",
    "batch.again": "To run the failed rows again:  filmgate batch {file} --out {out}",
    "batch.concurrency": "Videos in progress at once. Default: 4.",
    "batch.rate": "Videos to submit per minute. Default: as many as the server accepts. Its limits always apply.",
    "batch.budget": "Units that all videos together may cost, over all runs; stops before a video would exceed it.",
    "batch.out": "Folder for the videos. Default: a folder beside FILE with its name.",
    "batch.journal": "Folder of the journal. Default: FILE.filmgate.",
    "batch.retry_failed": "Submit failed videos again.",
    "batch.resend_unknown": "Submit videos with an unknown outcome again; they may be generated and charged twice.",
    "batch.dry_run": "Check everything, and show what would be submitted and what it would cost.",
    "batch.row": "Row {row}",
    "batch.shot": "Shot {row}",
    "batch.refused": "Nothing was sent. Fix the problems above and run the command again.",
    "batch.more_problems": "… and {count} more.",
    "batch.plan": "{count} video(s) to submit, {cost} units.",
    "batch.summary": "{done} of {total} videos are in {out}; {cost} units in total.",
    "batch.row_failed": "{row}  {video_id}  {why}",
    "batch.response_lost": "the response to its submission was lost",
    "batch.failed": "{count} failed and cost nothing; --retry-failed submits them again.",
    "batch.download_failed": "{count} could not be downloaded; the same command tries again.",
    "batch.unknown": "{count} may have been accepted; the outcome is unknown. Check `filmgate list`; --resend-unknown "
    "submits them again.",
    "batch.skipped": "{count} were not submitted; the same command continues.",
    "batch.state.new": "new",
    "batch.state.started": "in progress",
    "batch.state.saved": "done",
    "batch.state.failed": "failed",
    "batch.state.unknown": "unknown",
    "interrupt.batch": "{done} of {total} are done. Nothing is lost: run the same command again to continue.",
    "progress.total": "Total",
    "progress.submitting": "submitting",
    "progress.row_submitted": "{row}  {id}",
    "progress.row_delayed": "{row}  waiting {time}: {why}",
    "progress.delayed": "waiting {time}",
    "progress.failed": "{count} failed",
    "progress.row_saved": "{row}  {path}",
    "column.row": "row",
    "column.state": "state",
    "column.cost": "cost",
    "rows.empty": "The file is empty.",
    "rows.encoding": "The file is not valid {encoding} text; --encoding sets another encoding.",
    "rows.quotes": "unbalanced quotes ({reason}).",
    "rows.too_many_cells": "{count} cells, but the first row names {columns}. Quote a cell that contains separators.",
    "rows.json": "not valid JSON ({reason}).",
    "rows.yaml": "not valid YAML ({reason}).",
    "rows.not_a_list": "The file does not contain a list of videos.",
    "rows.not_an_object": "neither a prompt nor an object with one.",
    "rows.missing_prompt": "the prompt is missing.",
    "rows.unknown_column": "there is no column {name!r}; did you mean {nearest}?",
    "rows.duplicate_column": "{column} occurs twice, the second time as {name!r}.",
    "rows.not_text": "{name}: {value!r} is not text.",
    "rows.seconds": "{name}: {value!r} is not a number of seconds.",
    "rows.size": "{name}: {value!r} is not a size; write it like 1280x720.",
    "rows.seed": "{name}: {value!r} is not a seed; use an integer from 0 to 2^63-1.",
    "rows.fit": "{name}: {value!r} is not one of {known}.",
    "rows.metadata": "{name} is not a mapping of names to values.",
    "rows.bad_size": "the model does not support size {value}; supported: {known}.",
    "rows.bad_seconds": "the model does not support {value} seconds; supported: {known}.",
    "rows.bad_model": "there is no model {value}; available: {known}.",
    "rows.prompt_too_long": "the prompt has {count} characters; the limit is {most}.",
    "rows.no_file": "{path}: {reason}.",
    "rows.not_an_image": "{path} is not a JPEG, PNG or WebP image.",
    "rows.image_size": "{path} is {size} pixels, the video {wanted}; crop the image, or set fit to crop or pad.",
    "rows.same_output": "row {other} has the same output {path}.",
    "rows.output": "{reason}",
    "rows.exists": "{path} already exists; --force overwrites it.",
    "rows.unknown_price": "the server gives no price, so the budget cannot be enforced.",
    "story.short": "Generate one video from many shots.",
    "story.help": "Generate the shots of FILE (YAML, JSON or TOML) and join them into one video. Prints its path.\n\n"
    "A shot may start from the last frame of another: `continue: true` for the one before, or "
    "`reference: {last_frame_of: NAME}`. Independent shots are generated in parallel. A second run generates only "
    "missing and changed shots, and those that continue from them.\n\n"
    "\b\nExample of a FILE:\n  title: The lake\n  style: watercolour, soft light\n"
    "  defaults: {seconds: 4, size: 1280x720}\n  shots:\n    - {name: dawn, prompt: mist over a lake}\n"
    "    - {name: boat, prompt: a boat comes out of the mist, continue: true}\n\n"
    "\b\nExamples:\n  filmgate story lake.yaml\n  filmgate story lake.yaml --dry-run\n"
    "  filmgate story lake.yaml --out lake -o lake.mp4 --budget 20\n",
    "story.output": "File of the joined video. Default: named after the title, in the folder of the shots.",
    "story.joining": "Joining {count} shots",
    "column.after": "after",
    "rows.not_a_story": "The file is not a story: a mapping with shots.",
    "rows.unknown_story_key": "A story has no key {name!r}; known keys: {known}.",
    "rows.story_defaults": "The defaults are not a mapping.",
    "rows.story_characters": "The characters are not a mapping of names to descriptions.",
    "rows.no_shots": "The story has no shots.",
    "rows.first_continues": "there is no earlier shot to continue from.",
    "rows.duplicate_name": "Two shots are named {name!r}.",
    "rows.unknown_shot": "there is no shot {name!r}; there are {known}.",
    "rows.cycle": "{name!r} depends on its own last frame: the references form a cycle.",
}
