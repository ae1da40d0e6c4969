#!/usr/bin/env bash
# An upstream with faults: start it, create a video whose reply gets lost, and see that it was accepted all the same.
set -euo pipefail

filmgate mock --instant --port 0 --ready-file mock.url --log mock.jsonl &
trap 'kill %1' EXIT
until [ -s mock.url ]; do sleep 0.1; done
MOCK=$(cat mock.url)

curl -sS $MOCK/v1/videos -H "Content-Type: application/json" -d '{"prompt": "A paper boat [mock:reply-lost]"}' ||
  echo "no response, and yet:"
grep -o '"event":"submission".*"prompt":"[^"]*"' mock.jsonl

curl -sS $MOCK/v1/videos -H "Content-Type: application/json" -H "X-Mock-Fault: submit-429-seconds" \
  -d '{"prompt": "A paper boat"}'
curl -sS -X POST "$MOCK/mock/outage?seconds=0.5"
