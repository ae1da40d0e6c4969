// Sends the request in the file named first as axios' forms, in each way that axios writes objects; prints the answers.
const { readFileSync } = require("node:fs");
const axios = require("axios");

const [file, url, key, idempotencyKey] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, "utf8"));
const headers = { Authorization: `Bearer ${key}`, "Idempotency-Key": idempotencyKey };
const { metadata, ...rest } = request;

async function main() {
  const ways = [
    ["postForm", () => axios.postForm(url, request, { headers })],
    ["metadata{}", () => axios.postForm(url, { ...rest, "metadata{}": metadata }, { headers })],
    ["dots", () => axios.postForm(url, request, { headers, formSerializer: { dots: true, indexes: true } })],
    ["urlencoded", () => axios.post(url, request, {
      headers: { ...headers, "Content-Type": "application/x-www-form-urlencoded" },
    })],
    ["FormData", () => {
      const form = new FormData();
      for (const [name, value] of Object.entries(request)) {
        form.append(name, typeof value === "object" ? JSON.stringify(value) : value);
      }
      form.append("input_reference", new Blob([]), ""); // a file input that was left empty
      return axios.post(url, form, { headers });
    }],
  ];
  for (const [way, send] of ways) {
    const { data } = await send();
    console.log(way, data.id, data.seconds);
  }
}

main().catch((error) => {
  console.error(error.response ? JSON.stringify(error.response.data) : error);
  process.exitCode = 1;
});
