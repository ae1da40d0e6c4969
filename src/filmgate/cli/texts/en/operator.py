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
    "config.ok": "Nothing is wrong with {file}.",
    "config.invalid": "Mistakes: {count}. Mend them, then check again.",
    "column.value": "value",
    "column.origin": "from",
    "metavar.text": "TEXT",
    "column.engine": "engine",
    "column.changed": "changed",
    "column.limits": "limits",
    "jobs.short": "Look at all accounts' videos, and settle those in doubt.",
    "jobs.help": (
        "Look at the videos of all accounts of this machine's server, running or not, and say what became of "
        "those whose submission is in doubt.\n\n\b\nExamples:\n  filmgate jobs list --unresolved\n  filmgate jobs "
        "inspect video_…\n  filmgate jobs resolve video_… --as made --note 'seen on their invoice'\n"
    ),
    "jobs.outcome": "lost: it never arrived; made: it was made and paid for in vain; refunded: the money came back.",
    "jobs.note": "How you know; kept with it.",
    "jobs.empty": "There are none.",
    "jobs.resolved": "{id}: {outcome}",
    "jobs_list.short": "List videos, newest first.",
    "jobs_list.help": (
        "List the videos of all accounts, newest first; with -q the ids alone.\n\n\b\nExample:\n  filmgate jobs "
        "list --stuck --for 1h --engine dmx\n"
    ),
    "jobs_list.unresolved": "Only those that ended as submission_unknown and were not resolved.",
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
        "submission_unknown and are never submitted again; see `filmgate jobs list --unresolved`. Keys that were "
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
    "gc.dry_run_done": "There are {expired} expired files and {orphans} that no row names.",
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
    "doctor.short": "Find out what is wrong, and what mends it.",
    "doctor.help": (
        "Look at this machine and at the API that commands talk to (--base-url, a profile, the environment): "
        "address, name, port, certificate, key, clock, disk, codecs, fonts. Nothing is made and nothing costs. "
        "Each fault names its mend; the exit code is that of the worst.\n\n\b\nExamples:\n  filmgate doctor\n  "
        "filmgate doctor --base-url https://gate.example\n  filmgate doctor --upstream dmx --dry-job\n"
    ),
    "doctor.upstream": "Look at this engine of filmgate.toml instead.",
    "doctor.dry_job": "Have it make one film of the default length, if nothing else is wrong. It may cost money.",
    "doctor.yes": "Don't ask before --dry-job.",
    "doctor.needs_upstream": "--dry-job needs --upstream: say which engine is to make a film.",
    "doctor.confirm": "This has a film made, which the upstream may charge for. Go on? [y/N]",
    "doctor.needs_yes": "--dry-job may cost money: say --yes where nobody can be asked.",
    "doctor.passed": "Nothing is in the way.",
    "doctor.failed": "Mend what is marked FAIL, from the top, then look again.",
    "doctor.python.message": "Python {version}",
    "doctor.codecs.message": "H.264 and AAC (PyAV {version})",
    "doctor.client_only.message": "No codecs: only a server and stories need them (pip install 'filmgate[server]')",
    "doctor.no_address.message": "There is no server to talk to: no address is set, and none is installed here",
    "doctor.no_address.hint": "Pass --base-url URL or set FILMGATE_BASE_URL; or: pip install 'filmgate[all]'",
    "doctor.no_codecs.message": "No H.264 or AAC encoder: {reason}",
    "doctor.no_codecs.hint": "Install PyAV's own wheel: pip install --force-reinstall av",
    "doctor.disk.message": "{free} MiB are free at {folder}",
    "doctor.disk_full.message": "Only {free} MiB are free at {folder}",
    "doctor.disk_full.hint": (
        "Make room ({least} MiB at least; `filmgate gc`, or a shorter retention), or choose another folder with --data."
    ),
    "doctor.embedded.message": "No server is named: films are made in this process, in {data}",
    "doctor.local.message": "{name} ({kind}) makes films on this machine; there is nobody to reach",
    "doctor.address.message": "Address {base_url}",
    "doctor.shut_down.message": "{host} has answered no video request since {since}",
    "doctor.shut_down.hint": (
        "That service was shut down. Name a server of your own (`filmgate serve`, then --base-url "
        "http://127.0.0.1:8000) or another vendor."
    ),
    "doctor.normalized.message": "The address {spelt} was read as {base_url}",
    "doctor.normalized.hint": "Write {base_url}: other programs may take it word for word.",
    "doctor.unencrypted.message": "{base_url} is not encrypted: the key can be read on its way",
    "doctor.unencrypted.hint": "Write https:// if the server has it; else put TLS in front of it.",
    "doctor.no_key.message": "There is no key",
    "doctor.no_key.hint": "Give one: --api-key or FILMGATE_API_KEY; of an engine, key_env or key_file in its table.",
    "doctor.dns.message": "{host} is {address}",
    "doctor.dns_unknown.message": "Nobody knows the name {host}: {reason}",
    "doctor.dns_unknown.hint": "Check its spelling, and that this machine can look up names.",
    "doctor.connection.message": "{host}:{port} takes connections",
    "doctor.tls.message": "{host}:{port} takes connections, and its certificate is good",
    "doctor.connection_refused.message": "{host}:{port} takes no connection: {reason}",
    "doctor.connection_refused.hint": "Check that the server runs, that this is its port, and that no firewall is between.",
    "doctor.certificate.message": "The certificate of {host} is not good: {reason}",
    "doctor.certificate.hint": (
        "Renew it, use the name that it is for, or name its authority (ca_file, SSL_CERT_FILE)."
    ),
    "doctor.no_tls.message": "{host}:{port} speaks no TLS: {reason}",
    "doctor.no_tls.hint": "Write http:// instead of https://, or the port that speaks TLS.",
    "doctor.no_response.message": "{url} gave no answer: {reason}",
    "doctor.no_response.hint": "Try again in a moment; if it stays so, look at the server's log.",
    "doctor.api.message": "{url} answers: {count} models; the key is taken",
    "doctor.redirect.message": "{url} sends on to {location}",
    "doctor.redirect.hint": "Write the address that it sends to.",
    "doctor.html.message": "{url} is a web page, not an API ({status})",
    "doctor.html.hint": "Take the API's address, not the site's: it often begins with api. and ends in /v1.",
    "doctor.key_refused.message": "The key is refused ({status})",
    "doctor.key_refused.hint": "Use a key of this server; on your own, `filmgate keys create` makes one.",
    "doctor.no_models.message": "There is nothing at {url} ({status})",
    "doctor.no_models.hint": (
        "Check the path of the address: most end in /v1. Some vendors have no list of models; then this means little."
    ),
    "doctor.busy.message": "{url} is busy or down ({status})",
    "doctor.busy.hint": "Try again in a moment.",
    "doctor.unexpected_response.message": "{url} gave an answer that is none of this API's ({status})",
    "doctor.unexpected_response.hint": "Check the address; is something else listening there?",
    "doctor.clock.message": "The clocks agree",
    "doctor.clock_skew.message": "The server's clock is {seconds} s ahead of this machine's",
    "doctor.clock_skew.hint": (
        "Set the wrong one (`timedatectl set-ntp true`): expiry, webhooks and links depend on it."
    ),
    "doctor.models.message": "It serves {models}",
    "doctor.models_missing.message": "It does not list {models}",
    "doctor.models_missing.hint": "Check the names under `models` of the engine; it lists: {there}",
    "doctor.job.message": "A film of {film} was made and fetched in {seconds} s ({size})",
    "doctor.job_failed.message": "No film came of it: {reason}",
    "doctor.job_failed.hint": (
        "The upstream says why; the models' names, the balance and the limits of the key there are the usual reasons."
    ),
}
