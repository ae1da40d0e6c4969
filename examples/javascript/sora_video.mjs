// Text or image to video in one file, with Node's built-in fetch alone (Node 18 or newer).
//
//     node sora_video.mjs --prompt "A golden retriever running on a beach" [--image first-frame.png]
//
// Every option may also be an environment variable: OPENAI_BASE_URL, OPENAI_API_KEY, SORA_PROMPT, SORA_IMAGE,
// SORA_MODEL, SORA_SIZE, SORA_SECONDS, SORA_INTERVAL, SORA_TIMEOUT, SORA_OUT.
// Exit codes: 0 saved, 4 wrong key, 5 try again later, 6 rejected, 7 the video failed, 10 it is still being made.

import { randomUUID } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

const TEMPORARY = new Set([429, 500, 502, 503, 504]);

class Stop extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const options = readOptions();
const until = Date.now() + options.timeout * 1000;

try {
  const video = await submit();
  await wait(video.id);
  await download(video.id);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.code;
}

// Step one: the video is accepted and has an id.
async function submit() {
  const form = new FormData();
  for (const name of ["model", "prompt", "size", "seconds"]) if (options[name]) form.set(name, options[name]);
  if (options.image) form.set("input_reference", new Blob([await readFile(options.image)]), "image");
  const video = await (await call("POST", "/videos", form)).json();
  console.log(`[1/3] Submitted   ${video.id} (${video.model}, ${video.size}, ${video.seconds} s)`);
  return video;
}

// Step two: poll until it is completed.
async function wait(id) {
  for (;;) {
    const video = await (await call("GET", `/videos/${id}`)).json();
    console.log(`[2/3] ${video.status.padEnd(11)} ${String(video.progress ?? 0).padStart(3)} %`);
    if (video.status === "completed") return;
    if (video.status === "failed") {
      throw new Stop(7, `The video failed: ${video.error?.message ?? video.error ?? "no reason was given"}`);
    }
    if (Date.now() + options.interval * 1000 > until) {
      throw new Stop(10, `Still ${video.status} after ${options.timeout} s; check again later: ${id}`);
    }
    await sleep(options.interval);
  }
}

// Step three: download into a file that appears only when it is complete.
async function download(id) {
  const path = join(options.out, `sora_video_${id.slice(-8)}.mp4`);
  const response = await call("GET", `/videos/${id}/content`);
  const total = Number(response.headers.get("content-length"));
  const file = await open(`${path}.part`, "w");
  let done = 0;
  try {
    for await (const chunk of response.body) {
      await file.write(chunk);
      done += chunk.length;
      const percent = String(Math.floor((done * 100) / total)).padStart(3);
      console.log(`[3/3] Downloading ${percent} %  ${done} of ${total} bytes`);
    }
  } finally {
    await file.close();
  }
  if (done !== total) throw new Stop(5, `The download stopped at ${done} of ${total} bytes; run again.`);
  await rename(`${path}.part`, path);
  console.log(`Saved ${path} (${total} bytes)`);
}

// Send one request; wait and retry on 429 and temporary errors.
async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${options.apiKey}`, "Idempotency-Key": options.run };
  for (;;) {
    let response;
    try {
      response = await fetch(options.baseUrl + path, { method, headers, body });
    } catch (error) {
      throw new Stop(5, `${options.baseUrl} can't be reached: ${error.cause?.message ?? error.message}`);
    }
    if (response.ok) return response;
    const message = `${response.status}: ${await reason(response)}`;
    if (!TEMPORARY.has(response.status)) throw new Stop(response.status === 401 ? 4 : 6, message);
    const pause = Number(response.headers.get("retry-after") ?? options.interval);
    if (Date.now() + pause * 1000 > until) throw new Stop(5, message);
    console.error(`      ${response.status}, retrying in ${pause} s`);
    await sleep(pause);
  }
}

// The message of an error response in any of its formats.
async function reason(response) {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text);
    return error.message ?? error;
  } catch {
    return text.slice(0, 200);
  }
}

function sleep(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

// Flags first, then the environment.
function readOptions() {
  const names = ["base-url", "api-key", "prompt", "image", "model", "size", "seconds", "interval", "timeout", "out"];
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
  const env = process.env;
  const prompt = values.prompt ?? env.SORA_PROMPT;
  if (!prompt) {
    console.error("A prompt is needed: --prompt or SORA_PROMPT");
    process.exit(2);
  }
  return {
    baseUrl: (values["base-url"] ?? env.OPENAI_BASE_URL ?? "http://127.0.0.1:8000/v1").replace(/\/+$/, ""),
    apiKey: values["api-key"] ?? env.OPENAI_API_KEY ?? "",
    prompt,
    image: values.image ?? env.SORA_IMAGE,
    model: values.model ?? env.SORA_MODEL ?? "sora-2",
    size: values.size ?? env.SORA_SIZE ?? "1280x720",
    seconds: values.seconds ?? env.SORA_SECONDS ?? "4",
    interval: Number(values.interval ?? env.SORA_INTERVAL ?? 5),
    timeout: Number(values.timeout ?? env.SORA_TIMEOUT ?? 900),
    out: values.out ?? env.SORA_OUT ?? ".",
    run: randomUUID(),
  };
}
