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
    "price.second": "{units}/s",
    "price.call": "{units}/film",
    "budget.over": "The film costs {price} units, the budget is {budget}. Nothing was sent.",
    "budget.unknown": "The server names no price for {model}, so no budget can be kept. Nothing was sent.",
    "confirm.ask": "The film costs {price} units. Make it?",
    "confirm.nobody": "{question} There is nobody to answer; --yes does. Nothing was sent.",
    "confirm.no": "Nothing was sent.",
    "mend.over_budget": "Ask for a shorter or smaller film, or allow more.",
    "ids.none": "There is no id on standard input.",
    "column.price": "price",
    "column.time": "time",
    "column.request": "request",
    "column.body": "body",
    "lint.line": "Note: {remark}",
    "lint.long": "the prompt has {count} characters; beyond {most} most models forget how it began.",
    "lint.vague": "the prompt says nothing that can be seen: name a subject, a place, the light, what happens.",
    "lint.short": "the prompt is very short: where, when, what happens and how the camera moves are left to chance.",
    "lint.frame": "the prompt says “{word}”, but the film is {size}; --size decides.",
    "lint.seconds": "the prompt speaks of {named} seconds, but the film has {seconds}; --seconds decides.",
    "lint.lengths": "the prompt names several lengths ({named} seconds); --seconds decides.",
    "lint.quotes": "{mark} is not closed: what belongs to the quotation can't be told.",
    "lint.placeholder": "{word} looks like a placeholder that was not filled in.",
    "lint.technical": "“{word}” in a prompt changes nothing; --size and --model do.",
    "lint.picture": "the prompt speaks of “{word}”, but no picture goes along; -i adds one.",
}
