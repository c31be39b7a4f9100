// A mapping with one of the two engines: text of a page in, text of its records out.
import { readFileSync } from "node:fs";
import jsonata from "jsonata";
import truto from "@truto/truto-jsonata";

export function mapper(engine, file, lookups) {
  const make = engine === "truto-jsonata" ? truto.default ?? truto : jsonata;
  const expression = make(readFileSync(new URL(file, import.meta.url), "utf8"));
  return (page) => expression.evaluate(page, { lookups });
}
