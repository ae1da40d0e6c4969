"""For whoever runs a server: jobs, backups, workers, doctor, routes."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "config.short": "See what is configured, where it comes from, and whether it is right.",
    "config.help": "See what is configured, where each value comes from, and whether a server could start with it.",
    "config_list.short": "List every setting and table with its value.",
    "config_list.help": (
        "List every setting, engine, route, model and profile with its value. Keys are never shown: files only name "
        "where they are."
    ),
    "config_list.show_origin": "Say where each value comes from: a file, a variable, an option, or the default.",
    "config_check.short": "Name each mistake in the configuration, and its mend.",
    "config_check.help": (
        "Build everything that is configured without starting it, and name each mistake with its mend. Ends with 2 if "
        "there is one."
    ),
    "config_path.short": "Print which file is read.",
    "config_path.help": (
        "Print which file is read: that of --config, of FILMGATE_CONFIG, ./filmgate.toml, or the one in your "
        "configuration folder; the first that there is. Ends with 3 if there is none."
    ),
    "config.no_file": "No file is read; everything has its default, or comes from the environment.",
    "config.default": "default",
    "config.defaults": "the defaults and the environment",
    "config.good": "Nothing is wrong with {file}.",
    "config.bad": "Mistakes: {count}. Mend them, then check again.",
    "column.value": "value",
    "column.origin": "from",
    "metavar.text": "TEXT",
    "metavar.name": "NAME",
    "column.stage": "stage",
    "column.engine": "engine",
    "column.changed": "changed",
    "column.limits": "limits",
    "jobs.short": "Look at all accounts' videos, and settle those in doubt.",
    "jobs.help": (
        "Look at the videos of all accounts of this machine's server, running or not, and say what became of "
        "those whose submission is in doubt.\n\n\b\nExamples:\n  filmgate jobs list --doubtful\n  filmgate jobs "
        "inspect video_…\n  filmgate jobs resolve video_… --as made --note 'seen on their invoice'\n"
    ),
    "jobs.outcome": "lost: it never arrived; made: it was made and paid for in vain; refunded: the money came back.",
    "jobs.note": "How you know; kept with it.",
    "jobs.none": "There are none.",
    "jobs.resolved": "{id}: {outcome}",
    "jobs_list.short": "List videos, newest first.",
    "jobs_list.help": (
        "List the videos of all accounts, newest first; with -q the ids alone.\n\n\b\nExample:\n  filmgate jobs "
        "list --stuck --for 1h --engine dmx\n"
    ),
    "jobs_list.doubtful": "Only those that ended as submission_unknown and were not resolved.",
    "jobs_list.stuck": "Only unfinished ones that nothing has happened to for 15 minutes.",
    "jobs_list.for": "The same, for so long: 30s, 20m, 2h.",
    "jobs_list.status": "Only those that stand so.",
    "jobs_list.engine": "Only those of this engine.",
    "jobs_list.account": "Only those of this account.",
    "jobs_inspect.short": "Show all there is about a video.",
    "jobs_inspect.help": (
        "Show all there is about the video ID, deleted or not: its row, history, submissions with their tickets, "
        "ledger, files and webhook deliveries. The prompt stays with its owner."
    ),
    "jobs_resolve.short": "Say what became of a submission in doubt.",
    "jobs_resolve.help": (
        "Say what became of the video ID, which ended as submission_unknown: its engine may or may not have "
        "taken it. The client was never charged and no money moves; it leaves the list of doubtful videos. The "
        "last word counts."
    ),
    "backup.short": "Copy the data folder while the server runs.",
    "backup.help": (
        "Copy the data folder into FOLDER, which is empty or not there yet, while the server runs: the rows as "
        "of one moment, every film that they name (linked where the file system allows, so it takes no room), "
        "and the keys. Everything is read again at the end.\n\n\b\nExample:\n  filmgate backup /backups/$(date "
        "+%F)\n"
    ),
    "backup.done": "{videos} videos in {files} files, {size}; checked.",
    "restore.short": "Put a backup into an empty data folder.",
    "restore.help": (
        "Put the backup FOLDER into the data folder (--data), which is empty or not there yet.\n\nVideos that "
        "were unfinished then may have been submitted after the backup: those of paid engines end as "
        "submission_unknown and are never submitted again; see `filmgate jobs list --doubtful`. Keys that were "
        "revoked after the backup are valid again.\n\n\b\nExample:\n  filmgate restore /backups/2026-11-20 "
        "--data /var/lib/filmgate\n"
    ),
    "restore.done": "{videos} videos in {files} files, {size}; {unfinished} of them were unfinished.",
    "gc.short": "Remove files whose time is over.",
    "gc.help": (
        "Remove the files of expired films, and files that no row names; a running server does that by itself "
        "every five minutes."
    ),
    "gc.dry_run": "Only say how many.",
    "gc.done": "Removed: {expired} expired, {orphans} that no row names, {staged} half-written.",
    "gc.would": "There are {expired} expired files and {orphans} that no row names.",
    "migrate.short": "Bring the rows up to date.",
    "migrate.help": (
        "Bring the database up to date with this version, with no server running on it. `serve` does so by "
        "itself; this is for whoever wants it done apart, after a backup."
    ),
    "migrate.done": "{data}: revision {revision}",
    "worker.short": "Make videos beside the server.",
    "worker.help": (
        "Make videos in a process of its own, on the same machine and data folder as the server. If it dies, "
        "others go on with its work. SIGTERM ends it.\n\n\b\nExample:\n  FILMGATE_WORKER=false filmgate serve &\n"
        "  filmgate worker\n"
    ),
    "worker.ready": "Making videos as {name} on {data}",
    "worker.ready_file": "Write the worker's name into this file once it works.",
    "keys_rotate.short": "Replace a key.",
    "keys_rotate.help": (
        "Make a new key with the name and limits of the key ID and end that one, now or after --grace. The new "
        "key is shown this once.\n\n\b\nExample:\n  filmgate keys rotate key_… --grace 24h\n"
    ),
    "keys_rotate.grace": "How long the old key still works: 30d, 12h, 90m; not at all unless given.",
    "keys.requests_per_minute": "{value}/min",
    "keys.running_limit": "{value} at once",
    "keys.models": "{value}",
}
