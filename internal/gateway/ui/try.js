// The form of a route: it sends the request, and shows it as a line of curl. The token lives in its field alone.
import { coloured, el, pretty } from "./text.js";

export const base = new URL(".", document.baseURI);
let lastAccount = "";

// field is the input of a parameter.
export function field(p, id) {
  const s = p.schema;
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
    if (p.in === "path") path = path.replace(`{${p.name}}`, () => (p.name === "path" ? v : encodeURIComponent(v)));
    if (p.in !== "query" || !v) continue;
    if (p.style === "deepObject") {
      for (const [k, x] of new URLSearchParams(v)) put(p.name + k.replace(/^[^[]*/, (first) => `[${first}]`), x);
    } else if (p.schema.type === "array" && p.explode !== false) v.split(",").forEach((x) => put(p.name + "[]", x.trim()));
    else put(p.name, v);
  }
  return new URL(path.slice(1) + (query.length ? "?" + query.join("&") : ""), base).href;
}

// tryIt sends the request that the form above describes, as fetch and as a line of curl.
export function tryIt(path, methods, kinds, params, input, open) {
  const verb = el("select", { "aria-label": "Method" }, methods.map((m) => el("option", null, m.toUpperCase())));
  const accept = el("select", { "aria-label": "Accept" }, kinds.map((k) => el("option", null, k)));
  const body = el("textarea", { "aria-label": "Body", placeholder: "body, passed on as application/json", hidden: true });
  const curl = el("pre", { tabindex: "0" }), out = el("div");
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
    const parts = ["curl -gsS", r.method === "GET" ? "" : "-X " + r.method, open ? "" : '-H "Authorization: Bearer $MB_TOKEN"',
      ...Object.entries(r.headers).filter(([k, v]) => k !== "Accept" || v !== kinds[0]).map(([k, v]) => "-H " + quoted(k + ": " + v)), r.body ? "--data-raw " + quoted(r.body) : "", quoted(r.url)];
    curl.textContent = parts.filter(Boolean).join(" ");
  };
  const run = async (event) => {
    event?.preventDefault();
    const r = request(), token = document.getElementById("token").value.trim(), began = performance.now();
    if (!open && !token) {
      out.replaceChildren(el("p", { class: "status bad", role: "alert" }, "Put a token into the field at the top first."));
      return document.getElementById("token").focus();
    }
    if (!open) r.headers.Authorization = "Bearer " + token;
    running?.abort();
    const mine = (running = new AbortController());
    send.disabled = !(stop.disabled = false);
    const line = el("p", { class: "status", role: "status" }, "Waiting…"), text = el("pre", { tabindex: "0" });
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
