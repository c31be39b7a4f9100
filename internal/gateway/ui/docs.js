// Renders openapi.json. Everything from outside becomes text nodes, never markup; the token lives in its field alone.
const base = new URL(".", document.baseURI);
const byId = (id) => document.getElementById(id);
let doc;

// el makes an element: el("a", {href}, "text", otherElement). A prop that is a function is a listener.
function el(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (typeof v === "function") e.addEventListener(k, v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v != null) e.setAttribute(k, v);
  }
  e.append(...children.flat(Infinity).filter((c) => c != null && c !== ""));
  return e;
}

// prose is the little markdown that descriptions use: paragraphs, lists, `code` and **strong**.
function prose(text) {
  const out = [];
  for (const block of (text || "").split(/\n\n+/)) {
    let list = null;
    for (const line of block.split("\n")) {
      if (line.startsWith("- ")) {
        if (!list) out.push((list = el("ul")));
        list.append(el("li", null, inline(line.slice(2))));
      } else if (line) {
        list = null;
        out.push(el("p", null, inline(line)));
      }
    }
  }
  return out;
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) =>
    part.startsWith("`") ? el("code", null, part.slice(1, -1)) : part.startsWith("**") ? el("strong", null, part.slice(2, -2)) : part);
}

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

// pretty indents JSON as text: parsing it would round its numbers.
function pretty(s) {
  let out = "", depth = 0, quoted = false;
  const line = () => "\n" + "  ".repeat(depth);
  for (let i = 0; i < s.length; i++) {
    const c = s[i];
    if (quoted) {
      out += c;
      if (c === "\\") out += s[++i] ?? "";
      else if (c === '"') quoted = false;
    } else if (c === '"') { quoted = true; out += c; }
    else if (c === "{" || c === "[") {
      const shut = /^\s*[}\]]/.exec(s.slice(i + 1, i + 20));
      if (shut) { out += c + shut[0].trim(); i += shut[0].length; } else { depth++; out += c + line(); }
    } else if (c === "}" || c === "]") { depth = Math.max(0, depth - 1); out += line() + c; }
    else if (c === ",") out += c + line();
    else if (c === ":") out += ": ";
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}

// coloured is JSON as nodes.
function coloured(text) {
  if (text.length > 100000) return [text];
  const out = [], token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;
  let at = 0;
  for (const m of text.matchAll(token)) {
    out.push(text.slice(at, m.index), el("span", { class: m[2] ? "k" : m[1] ? "s" : m[3] ? "w" : "n" }, m[1] || m[0]), m[2] || "");
    at = m.index + m[0].length;
  }
  return [...out, text.slice(at)];
}

const block = (text) => el("pre", { tabindex: "0" }, coloured(text));

function field(p, id) {
  const s = resolve(p.schema) || {};
  const options = s.enum || (s.type === "boolean" ? ["true", "false"] : null);
  const shown = p.style === "deepObject" ? "name=value&…" : Array.isArray(p.example) ? p.example.join(",") : String(p.example ?? "");
  if (!options) return el("input", { id, name: p.name, placeholder: shown, value: p.in === "path" ? shown : "", autocomplete: "off", spellcheck: "false" });
  return el("select", { id, name: p.name }, p.in === "path" ? "" : el("option", { value: "" }, "—"), options.map((o) => el("option", { value: o }, o)));
}

// target is the URL that a card's fields make.
function target(path, params, values) {
  const query = [];
  const put = (k, v) => query.push(encodeURIComponent(k).replaceAll("%5B", "[").replaceAll("%5D", "]") + "=" + encodeURIComponent(v));
  for (const p of params) {
    const v = values[p.name] || "";
    if (p.in === "path") path = path.replace(`{${p.name}}`, p.name === "path" ? v : encodeURIComponent(v));
    if (p.in !== "query" || !v) continue;
    if (p.style === "deepObject") {
      for (const [k, x] of new URLSearchParams(v)) put(p.name + k.replace(/^[^[]*/, (first) => `[${first}]`), x);
    } else if (resolve(p.schema).type === "array" && p.explode !== false) v.split(",").forEach((x) => put(p.name + "[]", x.trim()));
    else put(p.name, v);
  }
  return new URL(path.slice(1) + (query.length ? "?" + query.join("&") : ""), base).href;
}

// card is a route: what it does, its parameters as a form, what comes back.
function card(path, item) {
  const methods = ["get", "post", "put", "patch", "delete"].filter((m) => item[m]);
  const first = item[methods[0]], open = first.security?.length === 0;
  const inside = el("div", { class: "inside" });
  const shell = el("details", { class: "card", id: first.operationId, toggle: () => { if (shell.open && !inside.firstChild) fill(inside, path, item, methods, first, open); } },
    el("summary", null, el("span", null, methods.map((m) => el("span", { class: "verb " + m }, m.toUpperCase()))), el("span", { class: "path" }, path), el("span", { class: "what" }, first.summary), open ? el("span", { class: "open" }, "no token") : ""), inside);
  return shell;
}

function fill(inside, path, item, methods, op, open) {
  const params = [...(item.parameters || []), ...(op.parameters || [])].map(resolve);
  const id = (p) => `${op.operationId}-${p.in}-${p.name}`;
  inside.append(...prose(op.description));
  if (params.length) {
    inside.append(el("h3", null, "Parameters"), el("table", null, el("tbody", null, params.map((p) => el("tr", null,
      el("th", { scope: "row" }, el("label", { for: id(p) }, p.name), p.required ? el("span", { class: "must" }, " *") : "", el("span", { class: "type" }, (p.in === "query" ? "" : p.in + ", ") + typeName(p.schema))),
      el("td", null, inline(p.description || "")), el("td", { class: "field" }, field(p, id(p))))))));
  }
  inside.append(el("h3", null, "Try it"), tryIt(path, methods, item, params, (p) => byId(id(p)), open));
  inside.append(el("h3", null, "Answers"), ...Object.entries(op.responses).map(([status, r]) => answer(status, resolve(r))));
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

// tryIt sends the request that the form above describes, as fetch and as a line of curl.
function tryIt(path, methods, item, params, input, open) {
  const verb = el("select", { "aria-label": "Method" }, methods.map((m) => el("option", null, m.toUpperCase())));
  const kinds = Object.keys(resolve(Object.values(item[methods[0]].responses)[0]).content || {}).filter((k) => k !== "*/*");
  const accept = el("select", { "aria-label": "Accept" }, kinds.map((k) => el("option", null, k)));
  const body = el("textarea", { "aria-label": "Body", placeholder: "body, passed on as application/json", hidden: true });
  const curl = el("pre", { tabindex: "0" }), out = el("div", { "aria-live": "polite" });
  const copy = el("button", { type: "button", click: () => navigator.clipboard?.writeText(curl.textContent).then(() => { copy.textContent = "Copied"; setTimeout(() => (copy.textContent = "Copy"), 1500); }) }, "Copy");
  const send = el("button", { type: "submit", class: "go" }, "Send");
  const stop = el("button", { type: "button", disabled: true, click: () => running?.abort() }, "Stop");
  let running;

  const request = () => {
    const values = Object.fromEntries(params.map((p) => [p.name, input(p)?.value.trim()])), headers = {};
    for (const p of params) if (p.in === "header" && values[p.name]) headers[p.name] = values[p.name];
    if (kinds.length > 1 || accept.value) headers.Accept = accept.value;
    const method = verb.value, writes = !["GET", "DELETE"].includes(method);
    if (writes) headers["Content-Type"] = "application/json";
    return { url: target(path, params, values), method, headers, body: writes ? body.value : undefined };
  };
  const quoted = (s) => "'" + s.replaceAll("'", "'\\''") + "'";
  const show = () => {
    body.hidden = ["GET", "DELETE"].includes(verb.value);
    const r = request();
    const parts = ["curl -sS", r.method === "GET" ? "" : "-X " + r.method, open ? "" : '-H "Authorization: Bearer $MB_TOKEN"',
      ...Object.entries(r.headers).filter(([k, v]) => k !== "Accept" || v !== kinds[0]).map(([k, v]) => "-H " + quoted(k + ": " + v)), r.body ? "--data-raw " + quoted(r.body) : "", quoted(r.url)];
    curl.textContent = parts.filter(Boolean).join(" ");
  };
  const run = async (event) => {
    event?.preventDefault();
    const r = request(), token = byId("token").value.trim(), began = performance.now();
    if (!open && !token) {
      out.replaceChildren(el("p", { class: "status bad" }, "Put a token into the field at the top first."));
      return byId("token").focus();
    }
    if (!open) r.headers.Authorization = "Bearer " + token;
    running?.abort();
    const mine = (running = new AbortController());
    send.disabled = !(stop.disabled = false);
    const line = el("p", { class: "status" }, "Waiting…"), text = el("pre", { tabindex: "0" });
    out.replaceChildren(line);
    try {
      const answer = await fetch(r.url, { method: r.method, headers: r.headers, body: r.body || undefined, signal: mine.signal, credentials: "omit", cache: "no-store" });
      const type = answer.headers.get("Content-Type") || "";
      const state = (size, more) => { line.textContent = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms · ${size.toLocaleString("en")} characters${more}`; };
      line.className = "status " + (answer.ok ? "good" : "bad");
      out.append(el("details", { class: "sub" }, el("summary", null, "Headers"), el("pre", null, [...answer.headers].map(([k, v]) => k + ": " + v).join("\n"))), text);
      const raw = await read(answer, text, state);
      if (type.includes("json") && !type.includes("ndjson")) {
        text.replaceChildren(...coloured(pretty(raw)));
        follow(raw, answer);
      }
    } catch (e) {
      line.className = "status bad";
      line.textContent = mine.signal.aborted ? "Stopped." : `No answer: ${e.message}`;
    } finally {
      if (running === mine) send.disabled = !(stop.disabled = true);
    }
  };
  // follow offers the next page, where there is one.
  const follow = (raw, answer) => {
    const p = params.find((q) => q.name === "next_cursor");
    const cursor = answer.headers.get("Meterbridge-Next-Cursor") || (/"next_cursor":"([^"]+)"/.exec(raw) || [])[1];
    if (p && cursor) out.append(el("button", { type: "button", click: () => { input(p).value = cursor; show(); run(); } }, "Next page"));
  };
  const form = el("form", { submit: run }, el("div", { class: "act" }, methods.length > 1 ? verb : "", kinds.length > 1 ? accept : "", send, stop), body,
    el("div", { class: "curl" }, curl, copy), out);
  queueMicrotask(() => {
    const account = params.find((p) => p.name === "integrated_account_id");
    if (account && !input(account).value) input(account).value = lastAccount;
    form.parentElement.addEventListener("input", (e) => { if (account && e.target === input(account)) lastAccount = e.target.value; show(); });
    form.parentElement.addEventListener("keydown", (e) => { if (e.key === "Enter" && e.target.matches("td input")) run(e); });
    show();
  });
  return form;
}

let lastAccount = "";

// read shows a body as it arrives, and keeps as much of it as a page can hold.
async function read(answer, into, state) {
  const most = 400000, reader = answer.body?.getReader(), decoder = new TextDecoder();
  let raw = "";
  state(0, "");
  for (;;) {
    const { done, value } = reader ? await reader.read() : { done: true };
    raw += decoder.decode(value, { stream: !done });
    const cut = raw.length > most;
    if (cut) raw = raw.slice(0, most);
    into.textContent = raw;
    state(raw.length, cut ? ", cut here" : "");
    if (cut) await reader.cancel();
    if (done || cut) return raw;
  }
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
    const items = Object.entries(doc.paths).filter(([, i]) => i.get.tags.includes(tag.name));
    page.push(el("h2", null, tag.name), el("p", { class: "soft" }, tag.description), items.map(([path, item]) => card(path, item)));
    groups.push([tag.name, items.map(([, i]) => [i.get.operationId, i.get.summary])]);
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
