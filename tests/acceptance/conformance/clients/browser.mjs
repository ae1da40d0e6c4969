// A page of another origin than the server's: makes videos with the official SDK and with fetch; posts what it read.
import OpenAI from "/modules/openai/index.mjs";

const { origin, key } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const baseURL = `${origin}/v1`;
const headers = { Authorization: `Bearer ${key}` };
const options = { baseURL, dangerouslyAllowBrowser: true, maxRetries: 0 };
const client = new OpenAI({ ...options, apiKey: key });
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function poll(read) {
  for (let turn = 0; turn < 200; turn++) {
    const { video, pause } = await read();
    if (video.status === "completed" || video.status === "failed") return video;
    await wait(Number(pause));
  }
  throw new Error("the video does not end");
}

const isMp4 = (buffer) => new TextDecoder().decode(new Uint8Array(buffer, 4, 4)) === "ftyp";

const steps = {
  async sdk() {
    const created = await client.videos.create({ model: "sora-2", prompt: "a lighthouse", seconds: "4" });
    let readable = true;
    const video = await poll(async () => {
      const { data, response } = await client.videos.retrieve(created.id).withResponse();
      const pause = response.headers.get("openai-poll-after-ms");
      readable &&= data.status === "completed" || Number(pause) > 0;
      readable &&= response.headers.get("x-request-id").startsWith("req_");
      return { video: data, pause };
    });
    const content = await client.videos.downloadContent(video.id);
    const bytes = await content.arrayBuffer();
    const deleted = await client.videos.delete(video.id);
    return { status: video.status, readable, mp4: isMp4(bytes), deleted: deleted.deleted };
  },

  async errors() {
    const found = {};
    const calls = {
      key: () => new OpenAI({ ...options, apiKey: "wrong" }).videos.list(),
      id: () => client.videos.retrieve("video_unknown"),
      value: () => client.videos.create({ prompt: "x", seconds: "7" }),
      path: () => new OpenAI({ ...options, baseURL: origin, apiKey: key }).videos.list(),
    };
    for (const [name, call] of Object.entries(calls)) {
      try {
        await call();
      } catch (error) {
        found[name] = [error.constructor.name, error.status, error.code, /^req_/.test(error.requestID)];
      }
    }
    return found;
  },

  async chat() {
    const stream = await client.chat.completions.create({
      model: "sora-2-hd-10s-chat", stream: true, messages: [{ role: "user", content: "a lighthouse" }],
    });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    const [, preview] = text.match(/\((\S+\/preview\.webp\S*?)\)/);
    const [, file] = text.match(/\((\S+\/video\.mp4\S*?)\)/);

    // Media of another origin: with `crossorigin` a page may read their pixels, too.
    const image = Object.assign(new Image(), { crossOrigin: "anonymous", src: preview });
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
    canvas.getContext("2d").drawImage(image, 0, 0, 8, 8);
    const video = Object.assign(document.createElement("video"), { crossOrigin: "anonymous", muted: true });
    const loaded = new Promise((resolve, reject) => {
      video.onloadedmetadata = () => resolve(video.videoWidth);
      video.onerror = () => reject(new Error(`video: ${video.error.message}`));
    });
    video.src = file;
    return { pixels: canvas.toDataURL().startsWith("data:image/png"), width: await loaded };
  },

  // The program of a reseller's documentation: fetch alone, an image from a canvas, a blob at the end.
  async fetch() {
    const base = `${origin}/apiyi/v1/videos`;
    const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
    canvas.getContext("2d").fillRect(0, 0, 640, 720);
    const image = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const form = new FormData();
    const fields = { model: "sora-2", prompt: "a lighthouse", seconds: "4", size: "1280x720" };
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("input_reference", image, "first.png");
    const created = await (await fetch(base, { method: "POST", headers, body: form })).json();
    const video = await poll(async () => {
      const response = await fetch(`${base}/${created.id}`, { headers });
      return { video: await response.json(), pause: response.headers.get("openai-poll-after-ms") };
    });
    const whole = await fetch(`${base}/${video.id}/content`, { headers });
    const part = await fetch(`${base}/${video.id}/content`, { headers: { ...headers, Range: "bytes=4-7" } });
    const events = await fetch(`${base}/${video.id}/events`, { headers });
    return {
      blob: isMp4(await (await whole.blob()).arrayBuffer()),
      name: whole.headers.get("content-disposition"),
      part: [part.status, await part.text(), /^bytes 4-7\/\d+$/.test(part.headers.get("content-range"))],
      etag: part.headers.get("etag") === whole.headers.get("etag") && whole.headers.get("etag") !== null,
      events: (await events.text()).includes("event: completed"),
      id: video.id,
    };
  },

  async operator() {
    return fetch(`${origin}/healthz`).then(() => "readable", (error) => error.name);
  },
};

const results = {};
for (const [name, step] of Object.entries(steps)) {
  results[name] = await step().catch((error) => `${error.name}: ${error.message}`);
}
await fetch("/result", { method: "POST", body: JSON.stringify(results) });
