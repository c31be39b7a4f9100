// Express before an upstream: its page is fetched, mapped with Truto's engine, and answered.
import http from "node:http";
import express from "express";
import { mapper } from "./mapper.mjs";

const [listen, upstream, lookups] = process.argv.slice(2);
const map = mapper("truto-jsonata", "./confluent.jsonata", JSON.parse(lookups));
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

const fetchPage = (path) => new Promise((resolve, reject) => {
  http.get(upstream + path, { agent }, (reply) => {
    const chunks = [];
    reply.on("data", (c) => chunks.push(c));
    reply.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  }).on("error", reject);
});

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.get(/.*/, async (request, response) => {
  const page = JSON.parse(await fetchPage(request.url));
  const result = await map(page);
  response.json({ result, next_cursor: page.metadata.next, result_count: result.length });
});
const [host, port] = listen.split(":");
app.listen(Number(port), host);
