"""Making films: the options of generate and its kin, profiles, completion."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "metavar.units": "UNITS",
    "submit.short": "Ask for a film, without waiting for it.",
    "submit.help": "Ask for a film of PROMPT and leave; its id is the result. `filmgate watch ID` waits for it.\n\n"
    "PROMPT may be `@prompt.md`, a file whose head says the parameters, or `-` for standard input.\n\n"
    "\b\nExamples:\n  filmgate submit 'a lighthouse in a storm' --seconds 8\n"
    "  filmgate submit @prompt.md | filmgate watch -\n"
    "  filmgate submit 'a lighthouse in a storm' --estimate\n",
    "submit.done": "Come back to it with:  filmgate watch {id}",
    "submit.not_resumable": "The provider {provider} can't be asked about a film later: "
    "use `filmgate generate`, which stays with it.",
    "interrupt.chat": "Film {id} can't be taken up again: this vendor tells of it once. "
    "What it made lies in your account there.",
    "submit.estimate": "Only say what it would cost and how long it would take.",
    "submit.dry_run": "Only show what would be sent, and whether the server would take it.",
    "submit.print_curl": "Only print the request as a curl command; the key stays in $FILMGATE_API_KEY.",
    "submit.budget": "Refuse a film that costs more, or whose price is not known.",
    "submit.confirm_over": "Ask before a film that costs more; where nobody can be asked, refuse it.",
    "submit.yes": "Don't ask: --confirm-over is answered with yes.",
    "submit.idempotency_key": "Of the request: sent twice with the same key, it makes one film.",
    "submit.nothing_sent": "Nothing was sent.",
    "submit.curl_needs_server": "This goes to {url}: run `filmgate serve`, and put its key into {key}.",
    "generate.poll_interval": "Look every S seconds, rather than when the server says.",
    "estimate.unknown": "unknown",
    "estimate.units": "{units} units",
    "estimate.time": "about {time}, as your last ones",
    "price.per_second": "{units}/s",
    "price.per_video": "{units}/film",
    "budget.over": "The film costs {price} units, the budget is {budget}. Nothing was sent.",
    "budget.unknown": "The server names no price for {model}, so no budget can be kept. Nothing was sent.",
    "confirm.ask": "The film costs {price} units. Make it?",
    "confirm.no_terminal": "{question} There is nobody to answer; --yes does. Nothing was sent.",
    "confirm.declined": "Nothing was sent.",
    "hint.over_budget": "Ask for a shorter or smaller film, or allow more.",
    "hint.unsupported": "Use what the provider has, or put a Filmgate in front of it.",
    "ids.empty_stdin": "There is no id on standard input.",
    "column.price": "price",
    "column.time": "time",
    "column.request": "request",
    "column.body": "body",
    "lint.line": "Note: {remark}",
    "lint.long": "the prompt has {count} characters; beyond {most} most models forget how it began.",
    "lint.vague": "the prompt says nothing that can be seen: name a subject, a place, the light, what happens.",
    "lint.short": "the prompt is very short: where, when, what happens and how the camera moves are left to chance.",
    "lint.aspect_ratio": "the prompt says “{word}”, but the film is {size}; --size decides.",
    "lint.seconds": "the prompt speaks of {named} seconds, but the film has {seconds}; --seconds decides.",
    "lint.several_lengths": "the prompt names several lengths ({named} seconds); --seconds decides.",
    "lint.quotes": "{mark} is not closed: what belongs to the quotation can't be told.",
    "lint.placeholder": "{word} looks like a placeholder that was not filled in.",
    "lint.technical": "“{word}” in a prompt changes nothing; --size and --model do.",
    "lint.image": "the prompt speaks of “{word}”, but no picture goes along; -i adds one.",
    "completion.short": "Complete commands, options and ids on the Tab key.",
    "completion.help": "Print a script that lets a shell complete commands, options, profiles and the ids "
    "of your latest films.\n\n"
    "\b\nOnce:\n"
    '  eval "$(filmgate completion bash)"\n'
    "For ever:\n"
    "  filmgate completion bash >> ~/.bashrc\n"
    "  filmgate completion zsh  >> ~/.zshrc\n"
    "  filmgate completion fish > ~/.config/fish/completions/filmgate.fish\n",
    "man.short": "Print the manual page.",
    "man.help": "Print the manual page, in the language of roff.\n\n"
    "\b\nExamples:\n"
    "  filmgate man | man -l -\n"
    "  filmgate man > ~/.local/share/man/man1/filmgate.1\n",
    "man.name": "Name",
    "man.synopsis": "Synopsis",
    "man.description": "Description",
    "man.environment": "Environment",
    "man.exit": "Exit status",
    "exit.ok": "Done.",
    "exit.error": "Something else went wrong.",
    "exit.usage": "The command line or a setting is wrong.",
    "exit.not_found": "There is no such film, or it has expired.",
    "exit.key": "There is no key, a wrong one, or one that may not do this.",
    "exit.temporary": "Not now: try again.",
    "exit.rejected": "The request is refused: don't try again.",
    "exit.failed": "The film failed.",
    "exit.budget": "The balance, or what you want to spend, does not cover it.",
    "exit.disk_full": "The disk is full.",
    "exit.wait_timeout": "--timeout is over; the film goes on.",
    "exit.exists": "The output file is there already.",
    "exit.integrity": "The bytes that arrived are not the film.",
    "exit.partial": "Of several, some.",
    "exit.interrupted": "Ctrl-C; the film goes on.",
}
