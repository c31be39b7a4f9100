// Elements and text. Everything from outside becomes text nodes, never markup.

// el makes an element: el("a", {href}, "text", otherElement). A prop that is a function is a listener.
export function el(tag, props, ...children) {
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
export function prose(text) {
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

export function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) =>
    part.startsWith("`") ? el("code", null, part.slice(1, -1)) : part.startsWith("**") ? el("strong", null, part.slice(2, -2)) : part);
}

// pretty indents JSON as text: parsing it would round its numbers.
export function pretty(s) {
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
export function coloured(text) {
  if (text.length > 100000) return [text];
  const out = [], token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g;
  let at = 0;
  for (const m of text.matchAll(token)) {
    out.push(text.slice(at, m.index), el("span", { class: m[2] ? "k" : m[1] ? "s" : m[3] ? "w" : "n" }, m[1] || m[0]), m[2] || "");
    at = m.index + m[0].length;
  }
  return [...out, text.slice(at)];
}

export const block = (text) => el("pre", { tabindex: "0" }, coloured(text));
