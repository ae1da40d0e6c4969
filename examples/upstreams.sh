#!/usr/bin/env bash
# Two mock vendors behind one model: when one cannot be reached, the other makes the videos.
set -euo pipefail
export FIRST_KEY=sk-first SECOND_KEY=sk-second

filmgate mock --instant --key $FIRST_KEY --port 0 --ready-file first.url --log first.jsonl > mock.out &
filmgate mock --instant --key $SECOND_KEY --dialect dmxapi --port 0 --ready-file second.url --log second.jsonl > mock.out &
trap 'kill $(jobs -p)' EXIT
until [ -s first.url ] && [ -s second.url ]; do sleep 0.1; done
sed -e "s|http://127.0.0.1:9101|$(cat first.url)|" -e "s|http://127.0.0.1:9102|$(cat second.url)|" \
  "$(dirname "$0")/filmgate.toml" > filmgate.toml

export FILMGATE_CONFIG=filmgate.toml

filmgate config check
filmgate generate "A paper boat on a quiet lake" -o boat.mp4

curl -sS -X POST "$(cat first.url)/mock/outage?seconds=600"
for name in crane kite; do
  filmgate generate "A paper $name" -o $name.mp4
done

echo "videos paid for: $(cat first.jsonl second.jsonl | grep -c '"event":"submission"')"
