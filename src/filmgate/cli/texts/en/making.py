"""Texts of submit, its previews and checks, completion, the manual page and the exit codes."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.units": "UNITS",
    "submit.short": "Submit a video without waiting for it.",
    "submit.help": "Submit a video for PROMPT and exit. Prints its id; `filmgate watch ID` waits for it.\n\n"
    "PROMPT may be `@prompt.md`, a file with parameters in its front matter, or `-` for standard input.\n\n"
    "\b\nExamples:\n  filmgate submit 'a lighthouse in a storm' --seconds 8\n"
    "  filmgate submit @prompt.md | filmgate watch -\n"
    "  filmgate submit 'a lighthouse in a storm' --estimate\n",
    "submit.done": "Wait for it with:  filmgate watch {id}",
    "submit.not_resumable": "The provider {provider} can't be polled for a video later: "
    "use `filmgate generate`, which waits for the result.",
    "interrupt.chat": "Video {id} cannot be resumed: this vendor reports a result only once. "
    "Look for the video in your account there.",
    "submit.estimate": "Show the price and the expected time; submit nothing.",
    "submit.dry_run": "Show the request and whether the server would accept it; submit nothing.",
    "submit.print_curl": "Print the request as a curl command; the key stays in $FILMGATE_API_KEY.",
    "submit.budget": "Refuse a video that costs more, or whose price is unknown.",
    "submit.confirm_over": "Ask before submitting a video that costs more; without a terminal, refuse it.",
    "submit.yes": "Answer yes to --confirm-over.",
    "submit.param": "A parameter that only some engines take: {known}; may be repeated.",
    "submit.bad_param": "{value!r} is not NAME=VALUE with one of the names {known}.",
    "submit.idempotency_key": "Idempotency key: two submissions with the same key make one video.",
    "submit.nothing_sent": "Nothing was sent.",
    "submit.curl_needs_server": "This goes to {url}: run `filmgate serve`, and put its key into {key}.",
    "generate.poll_interval": "Poll every S seconds instead of when the server suggests.",
    "estimate.unknown": "unknown",
    "estimate.units": "{units} units",
    "estimate.time": "about {time}, like your last ones",
    "price.per_second": "{units}/s",
    "price.per_video": "{units}/video",
    "budget.over": "The video costs {price} units, the budget is {budget}. Nothing was sent.",
    "budget.unknown": "The server gives no price for {model}, so the budget cannot be enforced. Nothing was sent.",
    "confirm.ask": "The video costs {price} units. Submit it?",
    "confirm.no_terminal": "{question} There is no terminal to confirm on; use --yes. Nothing was sent.",
    "confirm.declined": "Nothing was sent.",
    "hint.over_budget": "Choose a shorter or smaller video, or allow more.",
    "hint.unsupported": "Use what the provider supports, or put a Filmgate server in front of it.",
    "ids.empty_stdin": "Standard input contains no id.",
    "column.price": "price",
    "column.time": "time",
    "column.request": "request",
    "column.body": "body",
    "lint.line": "Note: {remark}",
    "lint.long": "the prompt has {count} characters; beyond {most} most models forget how it began.",
    "lint.vague": "the prompt describes nothing visible: name a subject, a place, the light, the action.",
    "lint.short": "the prompt is very short: place, time, action and camera movement are left to chance.",
    "lint.aspect_ratio": "the prompt says “{word}”, but the video is {size}; --size decides.",
    "lint.seconds": "the prompt says {named} seconds, but the video has {seconds}; --seconds decides.",
    "lint.several_lengths": "the prompt names several lengths ({named} seconds); --seconds decides.",
    "lint.quotes": "{mark} is not closed: it is unclear where the quotation ends.",
    "lint.placeholder": "{word} looks like a placeholder that was not filled in.",
    "lint.technical": "“{word}” in a prompt has no effect; use --size and --model.",
    "lint.image": "the prompt mentions “{word}”, but there is no reference image; -i adds one.",
    "completion.short": "Set up shell completion.",
    "completion.help": "Print a script that completes commands, options, profiles and the ids "
    "of your latest videos on the Tab key.\n\n"
    "\b\nFor this shell:\n"
    '  eval "$(filmgate completion bash)"\n'
    "For every shell:\n"
    "  filmgate completion bash >> ~/.bashrc\n"
    "  filmgate completion zsh  >> ~/.zshrc\n"
    "  filmgate completion fish > ~/.config/fish/completions/filmgate.fish\n",
    "man.short": "Print the manual page.",
    "man.help": "Print the manual page in roff format.\n\n"
    "\b\nExamples:\n"
    "  filmgate man | man -l -\n"
    "  filmgate man > ~/.local/share/man/man1/filmgate.1\n",
    "man.name": "Name",
    "man.synopsis": "Synopsis",
    "man.description": "Description",
    "man.environment": "Environment",
    "man.exit": "Exit status",
    "exit.ok": "Success.",
    "exit.error": "Any other error.",
    "exit.usage": "The command line or a setting is wrong.",
    "exit.not_found": "The video does not exist or has expired.",
    "exit.key": "The API key is missing, invalid, or not allowed to do this.",
    "exit.temporary": "A temporary error: try again.",
    "exit.rejected": "The request is rejected: do not retry it unchanged.",
    "exit.failed": "The video failed.",
    "exit.budget": "The balance or the budget is too low.",
    "exit.disk_full": "The disk is full.",
    "exit.wait_timeout": "--timeout passed; the video continues.",
    "exit.exists": "The output file already exists.",
    "exit.integrity": "The downloaded data is not a valid video.",
    "exit.partial": "Some of the requested videos failed.",
    "exit.interrupted": "Ctrl-C; the video continues.",
}
