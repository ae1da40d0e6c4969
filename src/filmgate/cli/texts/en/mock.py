"""Texts of the mock upstream."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mock.short": "Run a faulty upstream to test a client.",
    "mock.help": "Run a mock upstream: the Sora-2 Videos API of many vendors, with every fault one can have.\n\n"
    "Write [mock:NAME] into a prompt to apply the fault NAME to its job, or apply faults to a share of all jobs with "
    "--faults. Videos are real and tiny; nothing is rendered, nothing costs anything.\n\n"
    "Example: filmgate mock --instant --log mock.jsonl\n\n"
    "Example: filmgate mock --faults all --fault-rate 0.3 --seed 7",
    "mock.dialect": "Reseller to mock at /v1; the others are served at /NAME/v1 in any case.",
    "mock.flavour": "Model server to mock at /v1.",
    "mock.instant": "Complete every video at once.",
    "mock.seconds_per_job": "Duration of a job, shortest to longest. Default: 30..90.",
    "mock.faults": "Faults to draw from: NAME, NAME=ARGUMENT, NAME*WEIGHT, separated by commas; or all.",
    "mock.fault_rate": "Share of jobs with one of --faults, 0 to 1. Default: 0.3.",
    "mock.seed": "Seed of the faults and durations, which depend on it and the prompt.",
    "mock.key": "API key to require. Default: any key is accepted.",
    "mock.running": "Limit of running videos; further creates get 429. 0: no limit. Default: the vendor's.",
    "mock.creates_per_minute": "Limit of creates per minute; further ones get 429. 0: no limit. Default: the vendor's.",
    "mock.any_size": "Accept any even size and any length: small videos make quick tests.",
    "mock.idempotent": "Return the existing job for a repeated Idempotency-Key.",
    "mock.no_list": "Do not serve GET /videos.",
    "mock.model": "Model to serve; may be repeated.",
    "mock.log": "Log every request to this file, synced before the response is sent; read again at a restart.",
    "mock.forget_on_restart": "Forget the jobs of --log at a restart, as model servers do.",
    "mock.host": "Address to listen on. Default: 127.0.0.1.",
    "mock.port": "Port to listen on; 0 picks a free one. Default: 8088.",
    "mock.ready_file": "Write the mock's URL to this file once it accepts requests.",
    "mock.list_faults": "List every fault, and the outcome expected of a good client.",
    "mock.ready": "The mock is listening on {url} as {vendor}",
    "mock.hints": "All vendors: {origin}/NAME/v1, NAME one of {others}\n"
    "Log: {origin}/mock/log  jobs: {origin}/mock/jobs  faults: {origin}/mock/faults\n"
    "Outage of 30 s: curl -X POST '{origin}/mock/outage?seconds=30'",
    "mock.stopped": "The mock has stopped.",
    "mock.stage.create": "When a video is submitted",
    "mock.stage.poll": "When its status is polled",
    "mock.stage.content": "When it is downloaded",
    "mock.stage.service": "At any time",
    "column.stage": "stage",
    "column.argument": "argument",
    "column.says": "fault",
    "column.verdict": "expected outcome",
    "metavar.name": "NAME",
}
