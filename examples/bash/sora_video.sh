#!/usr/bin/env bash
# Text or image to video in one file, with curl alone.
#
#     ./sora_video.sh --prompt "A golden retriever running on a beach" [--image first-frame.png]
#
# Every option may also be an environment variable: OPENAI_BASE_URL, OPENAI_API_KEY, SORA_PROMPT, SORA_IMAGE,
# SORA_MODEL, SORA_SIZE, SORA_SECONDS, SORA_INTERVAL, SORA_TIMEOUT, SORA_OUT.
# Exit codes: 0 saved, 4 wrong key, 5 try again later, 6 rejected, 7 the video failed, 10 it is still being made.
set -euo pipefail

base_url=${OPENAI_BASE_URL:-http://127.0.0.1:8000/v1} api_key=${OPENAI_API_KEY:-}
prompt=${SORA_PROMPT:-} image=${SORA_IMAGE:-} model=${SORA_MODEL:-sora-2} size=${SORA_SIZE:-1280x720}
seconds=${SORA_SECONDS:-4} interval=${SORA_INTERVAL:-5} timeout=${SORA_TIMEOUT:-900} out=${SORA_OUT:-.}

stop() { echo "$2" >&2; exit "$1"; }

while (($#)); do
  case $1 in
    --base-url) base_url=$2 ;; --api-key) api_key=$2 ;; --prompt) prompt=$2 ;; --image) image=$2 ;;
    --model) model=$2 ;; --size) size=$2 ;; --seconds) seconds=$2 ;; --interval) interval=$2 ;;
    --timeout) timeout=$2 ;; --out) out=$2 ;;
    *) stop 2 "Unknown option: $1" ;;
  esac
  shift 2
done
[[ $prompt ]] || stop 2 "A prompt is needed: --prompt or SORA_PROMPT"
base_url=${base_url%/}
run="$$-$RANDOM$RANDOM$RANDOM"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The first value of a key in compact JSON: field id <response
field() { grep -oE "\"$1\":(\"([^\"\\]|\\\\.)*\"|[0-9.]+)" | head -n 1 | cut -d: -f2- | sed 's/^"//; s/"$//'; }

# The message of an error response in any of its formats.
reason() { field message <"$work/body" || field error <"$work/body" || head -c 200 "$work/body"; }

# Whether the timeout ends within so many seconds.
late() { awk "BEGIN { exit !($SECONDS + $1 > $timeout) }"; }

# Send one request, the response into $work/body; wait and retry on 429 and temporary errors.
call() {
  local status pause
  while :; do
    status=$(curl --silent --show-error --max-time 330 -D "$work/head" -o "$work/body" -w '%{http_code}' \
      -H "Authorization: Bearer $api_key" -H "Idempotency-Key: $run" "$@") || stop 5 "$base_url can't be reached"
    case $status in
      2*) return ;;
      429 | 500 | 502 | 503 | 504) ;;
      401) stop 4 "$status: $(reason)" ;;
      *) stop 6 "$status: $(reason)" ;;
    esac
    pause=$(grep -i '^retry-after:' "$work/head" | tr -dc '0-9.' || true)
    pause=${pause:-$interval}
    if late "$pause"; then stop 5 "$status: $(reason)"; fi
    echo "      $status, retrying in $pause s" >&2
    sleep "$pause"
  done
}

# Step one: the video is accepted and has an id.
form=()
for name in model prompt size seconds; do form+=(--form-string "$name=${!name}"); done
if [[ $image ]]; then form+=(--form "input_reference=@\"$image\""); fi
call "${form[@]}" "$base_url/videos"
id=$(field id <"$work/body")
echo "[1/3] Submitted   $id ($model, $size, $seconds s)"

# Step two: poll until it is completed.
while :; do
  call "$base_url/videos/$id"
  status=$(field status <"$work/body")
  printf '[2/3] %-11s %3d %%\n' "$status" "$(field progress <"$work/body")"
  case $status in
    completed) break ;;
    failed) stop 7 "The video failed: $(reason)" ;;
  esac
  if late "$interval"; then stop 10 "Still $status after $timeout s; check again later: $id"; fi
  sleep "$interval"
done

# Step three: download into a file that appears only when it is complete.
path=$out/sora_video_${id: -8}.mp4
curl --fail --location --progress-bar --max-time 3600 --retry 3 -H "Authorization: Bearer $api_key" \
  -D "$work/head" -o "$path.part" "$base_url/videos/$id/content" || stop 5 "The download stopped; run again."
total=$(grep -i '^content-length:' "$work/head" | tail -n 1 | tr -dc 0-9)
got=$(wc -c <"$path.part" | tr -dc 0-9)
[[ $got == "$total" ]] || stop 5 "The download stopped at $got of $total bytes; run again."
echo "[3/3] Downloading 100 %  $got of $total bytes"
mv "$path.part" "$path"
echo "Saved $path ($total bytes)"
