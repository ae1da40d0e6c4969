"""The upstream that misbehaves on purpose."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mock.short": "Run an upstream that misbehaves, to test a client.",
    "mock.help": "Run a pretended upstream: the Sora-2 video API of many vendors, with every fault one can have.\n\n"
    "Write [mock:NAME] into a prompt, and that film's job meets the fault NAME; or have a share of all jobs meet "
    "faults with --faults. Films are true and tiny; nothing is rendered, nothing costs anything.\n\n"
    "Example: filmgate mock --instant --log mock.jsonl\n\n"
    "Example: filmgate mock --faults all --fault-rate 0.3 --seed 7",
    "mock.dialect": "The reseller that answers at /v1; the others answer at /NAME/v1 all the same.",
    "mock.flavour": "The model server that answers at /v1.",
    "mock.instant": "Every film is done at once.",
    "mock.seconds_per_job": "How long a film takes, from the shortest to the longest; 30..90 unless said.",
    "mock.faults": "Faults to draw from: NAME, NAME=ARGUMENT, NAME*WEIGHT, separated by commas; or all.",
    "mock.fault_rate": "The share of jobs that meet one of --faults, 0 to 1; 0.3 unless said.",
    "mock.seed": "Decides which prompt meets which fault, and how long its film takes.",
    "mock.key": "The API key to ask for; without it any key is good.",
    "mock.running": "Films at once; beyond that creates get 429. 0: no limit. Default: as the vendor has it.",
    "mock.creates_per_minute": "Creates a minute; beyond that they get 429. 0: no limit. Default: as the vendor has it.",
    "mock.any_size": "Take any even size and any length: small films make quick tests.",
    "mock.idempotent": "Have an Idempotency-Key find the job that it made.",
    "mock.no_list": "Have no GET /videos.",
    "mock.model": "A model that is served; may be repeated.",
    "mock.log": "Log all that is asked into this file, synced before the answer leaves; it is read at a restart.",
    "mock.restart_loses": "Forget the jobs of --log at a start, as model servers do.",
    "mock.host": "Address to listen on; 127.0.0.1 unless said.",
    "mock.port": "Port to listen on; 0 takes a free one; 8088 unless said.",
    "mock.ready_file": "Write the mock's address into this file once it answers.",
    "mock.list_faults": "List every fault, and what a good client makes of it.",
    "mock.ready": "The mock answers on {url} as {vendor}",
    "mock.hints": "The same under {origin}/NAME/v1, NAME one of: {others}\n"
    "Log: {origin}/mock/log  jobs: {origin}/mock/jobs  faults: {origin}/mock/faults\n"
    "Outage of 30 s: curl -X POST '{origin}/mock/outage?seconds=30'",
    "mock.stopped": "The mock has stopped.",
    "mock.stage.create": "When a film is ordered",
    "mock.stage.poll": "When its status is asked",
    "mock.stage.content": "When it is downloaded",
    "mock.stage.service": "At any time",
    "column.stage": "stage",
    "column.argument": "argument",
    "column.says": "what happens",
    "column.verdict": "verdict",
    "metavar.name": "NAME",
}
