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
}
