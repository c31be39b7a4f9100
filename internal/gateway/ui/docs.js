// Renders openapi.json: the routes as cards, their parameters as forms, and the records of the model.
import { block, el, inline, pretty, prose } from "./text.js";
import { base, field, tryIt } from "./try.js";

const byId = (id) => document.getElementById(id);
let doc;

function resolve(node) {
  while (node && node.$ref) node = node.$ref.slice(2).split("/").reduce((at, key) => at[key.replaceAll("~1", "/").replaceAll("~0", "~")], doc);
  return node;
}

const nameOf = (node) => (node && node.$ref ? node.$ref.split("/").pop() : "");

// typeName says in a few words what a schema takes.
function typeName(node) {
  const s = resolve(node) || {};
  if (s.const !== undefined) return JSON.stringify(s.const);
  const kinds = [].concat(s.type || []).map((t) => (t === "array" ? "list of " + (typeName(s.items) || "any") : t));
  const text = kinds.join(" or ") || (s.anyOf ? s.anyOf.map((a) => nameOf(a) || typeName(a)).join(" or ") : "any");
  const more = [s.format, s.minimum != null && s.maximum != null && s.maximum < 2147483647 ? `${s.minimum} to ${s.maximum}` : "",
    s.maxItems ? `at most ${s.maxItems}` : "", s.default !== undefined && s.default !== false ? `default ${s.default}` : ""];
  return [text, ...more.filter(Boolean)].join(", ");
}

// tree shows a schema's members, nested ones inside. References to records are named and not repeated.
function tree(node, depth = 0) {
  const s = resolve(node) || {};
  if (s.type === "array" || (Array.isArray(s.type) && s.type.includes("array"))) return tree(s.items, depth);
  if (s.anyOf && !s.properties) return el("ul", { class: "tree" }, s.anyOf.map((a) => el("li", null, alternative(a, depth))));
  const names = Object.keys(s.properties || {});
  if (!names.length || depth > 5) return null;
  return el("ul", { class: "tree" }, names.map((name) => {
    const member = s.properties[name], m = resolve(member);
    const values = m.enum || (m.type !== "number" && m.examples) || [];
    return el("li", null, el("code", null, name), el("span", { class: "type" }, typeName(member) + ((s.required || []).includes(name) ? "" : ", optional")),
      el("p", null, inline(m.description || ""), values.length && values.length < 20 ? [m.description ? " " : "", m.enum ? "One of " : "Such as ", inline(values.map((v) => "`" + v + "`").join(", "))] : ""),
      nameOf(member) && depth > 2 ? null : tree(member, depth + 1));
  }));
}

// alternative is one of several shapes: a record by a link, another by its name and what is in it.
function alternative(node, depth) {
  const name = nameOf(node);
  if (byId("record-" + name)) return el("a", { href: "#record-" + name }, name);
  const inside = tree(node, depth + 1), label = el("code", null, name || (resolve(node).required || []).join() || typeName(node));
  return inside ? el("details", null, el("summary", null, label), inside) : label;
}

const methodsOf = (item) => ["get", "post", "put", "patch", "delete"].filter((m) => item[m]);
const firstOf = (item) => item[methodsOf(item)[0]];

// card is a route: what it does, its parameters as a form, what comes back.
function card(path, item) {
  const methods = methodsOf(item), first = firstOf(item), open = first.security?.length === 0;
  const inside = el("div", { class: "inside" });
  const shell = el("details", { class: "card", id: first.operationId, toggle: () => { if (shell.open && !inside.firstChild) fill(inside, path, item, methods, first, open); } },
    el("summary", null, el("span", null, methods.map((m) => el("span", { class: "verb " + m }, m.toUpperCase()))), el("span", { class: "path" }, path), el("span", { class: "what" }, first.summary), open ? el("span", { class: "open" }, "no token") : ""), inside);
  return shell;
}

function fill(inside, path, item, methods, op, open) {
  const params = [...(item.parameters || []), ...(op.parameters || [])].map(resolve);
  const id = (p) => `${op.operationId}-${p.in}-${p.name}`;
  const answers = Object.entries(op.responses).sort(([a], [b]) => (a < b ? -1 : 1)); // 2XX would stand behind 400
  const kinds = Object.keys(resolve(answers[0][1]).content || {}).filter((k) => k !== "*/*");
  inside.append(...prose(op.description));
  if (params.length) {
    inside.append(el("h3", null, "Parameters"), el("table", null, el("tbody", null, params.map((p) => el("tr", null,
      el("th", { scope: "row" }, el("label", { for: id(p) }, p.name), p.required ? el("span", { class: "must" }, " *") : "", el("span", { class: "type" }, (p.in === "query" ? "" : p.in + ", ") + typeName(p.schema))),
      el("td", null, inline(p.description || "")), el("td", { class: "field" }, field(p, id(p))))))));
  }
  inside.append(el("h3", null, "Try it"), tryIt(path, methods, kinds, params, (p) => byId(id(p)), open));
  inside.append(el("h3", null, "Answers"), ...answers.map(([status, r]) => answer(status, resolve(r))));
}

function answer(status, r) {
  const [head, ...rest] = r.description.split("\n");
  const body = el("div", null, prose(rest.join("\n")));
  const open = () => { contents(body, r); shell.removeEventListener("toggle", open); };
  const shell = el("details", { class: "sub", toggle: open }, el("summary", null, el("span", { class: "status " + (/^[23]/.test(status) ? "good" : "bad") }, status), " ", inline(head)), body);
  return shell;
}

// contents are an answer's bodies and headers, built when somebody looks.
function contents(body, r) {
  for (const [media, c] of Object.entries(r.content || {})) {
    const s = resolve(c.schema) || {};
    body.append(el("p", null, el("code", null, media), " ", nameOf(c.schema), inline(s.description || "")), tree(c.schema) || "");
    for (const e of c.examples ? Object.values(c.examples) : c.example ? [{ value: c.example }] : []) body.append(el("p", { class: "soft" }, e.summary || "For example"), block(pretty(JSON.stringify(e.value))));
  }
  const headers = Object.entries(r.headers || {});
  if (headers.length) body.append(el("p", { class: "soft" }, "Headers"), el("ul", { class: "tree" }, headers.map(([name, h]) => el("li", null, el("code", null, name), el("p", null, inline(resolve(h).description))))));
}

// routes lists the cards and marks where the reader is.
function routes(groups) {
  byId("routes").append(...groups.map(([title, links]) => [el("h3", null, title), el("ul", null, links.map(([id, text]) => el("li", null, el("a", { href: "#" + id }, text))))]).flat());
  byId("find").addEventListener("input", (e) => {
    const words = e.target.value.toLowerCase();
    for (const li of byId("routes").querySelectorAll("li")) li.hidden = !li.textContent.toLowerCase().includes(words);
  });
  if (matchMedia("(max-width: 60rem)").matches) byId("menu").open = false;
}

function go() {
  const id = decodeURIComponent(location.hash.slice(1)), there = id && byId(id);
  for (const a of document.querySelectorAll("nav a")) a.hash.slice(1) === id ? a.setAttribute("aria-current", "true") : a.removeAttribute("aria-current");
  if (!there) return;
  if (there.matches("details")) there.open = true;
  there.scrollIntoView();
}

async function main() {
  const reply = await fetch(new URL("openapi.json", base), { credentials: "omit" });
  if (!reply.ok) throw new Error("openapi.json answered " + reply.status);
  // Numbers that a double can't hold keep their source, so that examples show every digit.
  doc = JSON.parse(await reply.text(), (_, v, at) => (typeof v === "number" && at?.source && JSON.rawJSON && String(v) !== at.source ? JSON.rawJSON(at.source) : v));
  document.title = doc.info.title + " API";
  byId("version").textContent = doc.info.version;
  const page = [el("div", { class: "lead" }, el("h1", null, doc.info.summary), prose(doc.info.description))], groups = [];
  for (const tag of doc.tags) {
    const items = Object.entries(doc.paths).filter(([, i]) => firstOf(i).tags.includes(tag.name));
    page.push(el("h2", null, tag.name), el("p", { class: "soft" }, tag.description), items.map(([path, item]) => card(path, item)));
    groups.push([tag.name, items.map(([, i]) => [firstOf(i).operationId, firstOf(i).summary])]);
  }
  const records = resolve(doc.components.parameters["path.resource"]).schema.enum;
  page.push(el("h2", null, "Records"), el("p", { class: "soft" }, "The unified model, field by field. A field that is not marked optional is always there, null or [] when unknown."));
  page.push(records.map((name) => el("details", { class: "card", id: "record-" + name }, el("summary", null, el("span", { class: "path" }, name), el("span", { class: "what" }, doc.components.schemas[name].description)), el("div", { class: "inside" }, tree(doc.components.schemas[name])))));
  groups.push(["Records", records.map((name) => ["record-" + name, name])]);
  byId("main").replaceChildren(...page.flat(Infinity));
  routes(groups);
  addEventListener("hashchange", go);
  location.hash ? go() : (byId("list").open = true);
}

main().catch((e) => { byId("state").textContent = "The documentation can't be shown: " + e.message; });
