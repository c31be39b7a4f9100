// One engine that maps a page again and again, as long as it is told to; worker/worker.go says how it is told.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { mapper } from "./mapper.mjs";

const [engine, mapping, pageFile, lookups] = process.argv.slice(2);
const page = readFileSync(pageFile, "utf8");
const map = mapper(engine, `./${mapping}.jsonata`, JSON.parse(lookups));
const once = async () => JSON.stringify(await map(JSON.parse(page)));

for await (const order of createInterface({ input: process.stdin })) {
  const [verb, arg] = order.split(" ");
  const ran = { pages: 0, ns: 0, mallocs: 0 };
  try {
    if (verb === "once") {
      writeFileSync(arg, await once());
    } else {
      const began = performance.now();
      const used = process.cpuUsage();
      do {
        await once();
        ran.pages++;
      } while (performance.now() - began < Number(arg));
      const { user, system } = process.cpuUsage(used);
      ran.ns = (user + system) * 1000;
    }
  } catch (e) {
    ran.error = e.message;
  }
  console.log(JSON.stringify(ran));
}
