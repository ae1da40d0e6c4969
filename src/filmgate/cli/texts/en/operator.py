"""Texts of the operator's commands: config, jobs, backups, workers, doctor."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "config.short": "Show and check the configuration.",
    "config.help": "Show the configuration with the origin of each value; check whether a server can start with it.",
    "config_list.short": "List every setting with its value.",
    "config_list.help": (
        "List every setting, engine, route, model and profile with its value. Keys are never shown: files only name "
        "where they are."
    ),
    "config_list.show_origin": "Show where each value comes from: a file, a variable, an option, or the default.",
    "config_check.short": "Check the configuration.",
    "config_check.help": (
        "Build everything that is configured without starting it, and report each error with a fix. Exit code 2 if "
        "there is one."
    ),
    "config_path.short": "Print the path of the file in use.",
    "config_path.help": (
        "Print the path of the configuration file in use: --config, FILMGATE_CONFIG, ./filmgate.toml, or the one in "
        "your configuration folder; the first that exists. Exit code 3 if there is none."
    ),
    "config.no_file": "No configuration file; every value is a default or comes from the environment.",
    "config.default": "default",
    "config.defaults": "the defaults and the environment",
    "config.ok": "No errors in {file}.",
    "config.invalid": "Errors: {count}. Fix them and check again.",
    "column.value": "value",
    "column.origin": "from",
    "metavar.text": "TEXT",
    "column.engine": "engine",
    "column.changed": "changed",
    "column.limits": "limits",
    "jobs.short": "Inspect all accounts' videos; resolve unknown outcomes.",
    "jobs.help": (
        "Inspect the videos of all accounts of this machine's server, running or not, and record the outcome of "
        "submissions whose outcome is unknown.\n\n\b\nExamples:\n  filmgate jobs list --unresolved\n  filmgate jobs "
        "inspect video_…\n  filmgate jobs resolve video_… --as made --note 'seen on their invoice'\n"
    ),
    "jobs.outcome": "lost: it never arrived; made: generated and charged, but lost; refunded: the vendor refunded it.",
    "jobs.note": "How you know; stored with the outcome.",
    "jobs.empty": "No matching videos.",
    "jobs.resolved": "{id}: {outcome}",
    "jobs_list.short": "List videos, newest first.",
    "jobs_list.help": (
        "List the videos of all accounts, newest first; -q prints only the ids.\n\n\b\nExample:\n  filmgate jobs "
        "list --stuck --for 1h --engine dmx\n"
    ),
    "jobs_list.unresolved": "Filter by unknown outcome: failed as submission_unknown, not yet resolved.",
    "jobs_list.stuck": "Filter unfinished videos without any change for 15 minutes.",
    "jobs_list.for": "Like --stuck, for another duration: 30s, 20m, 2h.",
    "jobs_list.status": "Filter by status.",
    "jobs_list.engine": "Filter by engine.",
    "jobs_list.account": "Filter by account.",
    "jobs_inspect.short": "Show all records of a video.",
    "jobs_inspect.help": (
        "Show all records of the video ID, deleted or not: its row, history, submissions with their tickets, "
        "ledger, files and webhook deliveries. The prompt is not shown: it belongs to its owner."
    ),
    "jobs_resolve.short": "Record the outcome of an unknown submission.",
    "jobs_resolve.help": (
        "Record the outcome of the video ID, which failed as submission_unknown: its engine may or may not have "
        "accepted it. The client was never charged and no money moves; the video leaves the list of unresolved ones. "
        "The last recorded outcome counts."
    ),
    "backup.short": "Back up the data folder while the server runs.",
    "backup.help": (
        "Copy the data folder to FOLDER, which is empty or does not exist, while the server runs: one consistent "
        "snapshot of the rows, every video that they name (hard-linked where the file system allows, so it takes no "
        "space), and the keys. Every file is verified at the end.\n\n\b\nExample:\n  filmgate backup /backups/$(date "
        "+%F)\n"
    ),
    "backup.done": "{videos} videos in {files} files, {size}; verified.",
    "restore.short": "Restore a backup into an empty data folder.",
    "restore.help": (
        "Restore the backup FOLDER into the data folder (--data), which is empty or does not exist.\n\nVideos that "
        "were unfinished at the time may have been submitted after the backup: those of paid engines fail as "
        "submission_unknown and are never submitted again; see `filmgate jobs list --unresolved`. Keys that were "
        "revoked after the backup are valid again.\n\n\b\nExample:\n  filmgate restore /backups/2026-11-20 "
        "--data /var/lib/filmgate\n"
    ),
    "restore.done": "{videos} videos in {files} files, {size}; {unfinished} of them were unfinished.",
    "gc.short": "Delete expired and orphaned files.",
    "gc.help": (
        "Delete the files of expired videos, and files that no row names. A running server does this itself "
        "every five minutes."
    ),
    "gc.dry_run": "Only count the files.",
    "gc.verify": "Also read every stored file, and name those that are damaged; the exit code is 12 then.",
    "gc.done": "Deleted: {expired} expired, {orphans} that no row names, {staged} incomplete.",
    "gc.dry_run_done": "Found {expired} expired files and {orphans} that no row names.",
    "migrate.short": "Upgrade the database.",
    "migrate.help": (
        "Upgrade the database to this version while no server is running on it. `serve` does this at its start; "
        "this command does it separately, e.g. after a backup."
    ),
    "migrate.done": "{data}: revision {revision}",
    "worker.short": "Run a worker beside the server.",
    "worker.help": (
        "Run a worker: a process that generates videos on the same machine and data folder as the server. If it dies, "
        "others adopt its work. SIGTERM stops it.\n\n\b\nExample:\n  FILMGATE_WORKER=false filmgate serve &\n"
        "  filmgate worker\n"
    ),
    "worker.ready": "Worker {name} is running on {data}",
    "worker.ready_file": "Write the worker's name to this file once it runs.",
    "keys_rotate.short": "Replace an API key.",
    "keys_rotate.help": (
        "Create a new key with the name and limits of the key ID, and revoke that one, now or after --grace. The new "
        "key is shown only once.\n\n\b\nExample:\n  filmgate keys rotate key_… --grace 24h\n"
    ),
    "keys_rotate.grace": "How long the old key stays valid: 30d, 12h, 90m. Default: revoked at once.",
    "keys.requests_per_minute": "{value}/min",
    "keys.running_limit": "{value} at once",
    "keys.models": "{value}",
    "doctor.short": "Diagnose the installation and the connection.",
    "doctor.help": (
        "Check this machine and the API that commands use (--base-url, a profile, the environment): "
        "URL, DNS, port, certificate, key, clock, disk, codecs, fonts. Nothing is generated or charged. "
        "Each problem comes with a fix; the exit code is that of the first blocking problem.\n\n\b\nExamples:\n  "
        "filmgate doctor\n  filmgate doctor --base-url https://filmgate.example\n  "
        "filmgate doctor --upstream dmx --dry-job\n"
    ),
    "doctor.upstream": "Check this engine of filmgate.toml instead.",
    "doctor.dry_job": "Generate one video of the default length if no check fails. It may cost money.",
    "doctor.yes": "Don't ask before --dry-job.",
    "doctor.needs_upstream": "--dry-job needs --upstream: name the engine that is to generate a video.",
    "doctor.confirm": "This generates a video, which the upstream may charge for. Continue? [y/N]",
    "doctor.needs_yes": "--dry-job may cost money: pass --yes where there is no terminal to confirm on.",
    "doctor.passed": "No problems found.",
    "doctor.failed": "Fix what is marked FAIL, from the top, and check again.",
    "doctor.python.message": "Python {version}",
    "doctor.codecs.message": "H.264 and AAC (PyAV {version})",
    "doctor.client_only.message": "No codecs: only a server and stories need them (pip install 'filmgate[server]')",
    "doctor.no_address.message": "No server: no base URL is set, and the embedded server is not installed",
    "doctor.no_address.hint": "Pass --base-url URL or set FILMGATE_BASE_URL; or: pip install 'filmgate[all]'",
    "doctor.no_codecs.message": "No H.264 or AAC encoder: {reason}",
    "doctor.no_codecs.hint": "Install PyAV's own wheel: pip install --force-reinstall av",
    "doctor.disk.message": "{free} MiB are free at {folder}",
    "doctor.disk_full.message": "Only {free} MiB are free at {folder}",
    "doctor.disk_full.hint": (
        "Free some space ({least} MiB at least; `filmgate gc`, or a shorter retention), or choose another folder with "
        "--data."
    ),
    "doctor.embedded.message": "No base URL is set: this process generates videos, in {data}",
    "doctor.local.message": "{name} ({kind}) generates videos on this machine; there is no connection to check",
    "doctor.address.message": "Base URL {base_url}",
    "doctor.shut_down.message": "{host} has answered no video request since {since}",
    "doctor.shut_down.hint": (
        "That service was shut down. Use a server of your own (`filmgate serve`, then --base-url "
        "http://127.0.0.1:8000) or another vendor."
    ),
    "doctor.normalized.message": "The URL {written} was read as {base_url}",
    "doctor.normalized.hint": "Write {base_url}: other programs may not normalise it.",
    "doctor.unencrypted.message": "{base_url} is not encrypted: the key can be intercepted",
    "doctor.unencrypted.hint": "Use https:// if the server supports it; else put TLS in front of it.",
    "doctor.no_key.message": "No API key is set",
    "doctor.no_key.hint": "Set --api-key or FILMGATE_API_KEY; for an engine, key_env or key_file in its table.",
    "doctor.dns.message": "{host} resolves to {address}",
    "doctor.dns_unknown.message": "{host} cannot be resolved: {reason}",
    "doctor.dns_unknown.hint": "Check its spelling, and that this machine can resolve names.",
    "doctor.connection.message": "{host}:{port} accepts connections",
    "doctor.tls.message": "{host}:{port} accepts connections, and its certificate is valid",
    "doctor.connection_refused.message": "{host}:{port} accepts no connection: {reason}",
    "doctor.connection_refused.hint": (
        "Check that the server runs, that this is its port, and that no firewall blocks the connection."
    ),
    "doctor.certificate.message": "The certificate of {host} is not valid: {reason}",
    "doctor.certificate.hint": (
        "Renew it, use the name that it was issued for, or set its certificate authority (ca_file, SSL_CERT_FILE)."
    ),
    "doctor.no_tls.message": "{host}:{port} does not support TLS: {reason}",
    "doctor.no_tls.hint": "Use http:// instead of https://, or the TLS port.",
    "doctor.no_response.message": "{url} did not respond: {reason}",
    "doctor.no_response.hint": "Try again in a moment; if it persists, read the server's log.",
    "doctor.api.message": "{url} responds: {count} models; the key is accepted",
    "doctor.redirect.message": "{url} redirects to {location}",
    "doctor.redirect.hint": "Use the target of the redirect.",
    "doctor.html.message": "{url} is a web page, not an API ({status})",
    "doctor.html.hint": "Use the URL of the API, not of the site: it often begins with api. and ends in /v1.",
    "doctor.key_refused.message": "The key is rejected ({status})",
    "doctor.key_refused.hint": "Use a key of this server; on your own, `filmgate keys create` creates one.",
    "doctor.no_models.message": "{url} does not exist ({status})",
    "doctor.no_models.hint": (
        "Check the path of the URL: most end in /v1. Some vendors have no list of models; then ignore this."
    ),
    "doctor.busy.message": "{url} is overloaded or down ({status})",
    "doctor.busy.hint": "Try again in a moment.",
    "doctor.unexpected_response.message": "The response of {url} is not from this API ({status})",
    "doctor.unexpected_response.hint": "Check the URL; another program may be listening there.",
    "doctor.clock.message": "The clocks agree",
    "doctor.clock_skew.message": "The server's clock is {seconds} s ahead of this machine's",
    "doctor.clock_skew.hint": (
        "Set the wrong clock (`timedatectl set-ntp true`): expiry, webhooks and signed URLs depend on it."
    ),
    "doctor.models.message": "It serves {models}",
    "doctor.models_missing.message": "It does not list {models}",
    "doctor.models_missing.hint": "Check the names under `models` of the engine; it lists: {listed}",
    "doctor.job.message": "A video of {video_size} was generated and downloaded in {seconds} s ({size})",
    "doctor.job_failed.message": "The test video failed: {reason}",
    "doctor.job_failed.hint": (
        "The reason is the upstream's; usual causes are the model names, the balance and the key's limits there."
    ),
}
