/** Shows the OpenAPI document of this server, with nothing from anywhere else. */

const place = document.getElementById("operations");

/** Make an element with text and children. */
function make(tag, text = "", children = [], className = "") {
  const element = document.createElement(tag);
  element.append(text, ...children);
  if (className) element.className = className;
  return element;
}

/** Write a schema as one would write the value: names, types, bounds; each named schema is opened once per branch. */
function outline(schema, components, indent = "", opened = []) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (opened.includes(name)) return name;
    return outline(components[name], components, indent, [...opened, name]);
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map((choice) => outline(choice, components, indent, opened)).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `[${outline(schema.items, components, indent, opened) || "…"}]`;
  if (schema.properties) {
    const inner = `${indent}  `;
    const lines = Object.entries(schema.properties).map(([name, property]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      return `${inner}${name}${optional}: ${outline(property, components, inner, opened)}`;
    });
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  const bounds = [];
  for (const key of ["format", "minLength", "maxLength", "minimum", "maximum", "default"]) {
    if (schema[key] !== undefined) bounds.push(`${key} ${JSON.stringify(schema[key])}`);
  }
  return `${schema.type ?? "any"}${bounds.length ? ` (${bounds.join(", ")})` : ""}`;
}

function content(body, components) {
  const schema = Object.values(body?.content ?? {})[0]?.schema;
  return schema ? [make("pre", outline(schema, components))] : [];
}

function operation(method, path, found, components) {
  const parts = [];
  if (found.description) parts.push(make("p", found.description));
  for (const parameter of found.parameters ?? []) {
    const type = outline(parameter.schema, components);
    parts.push(make("p", "", [make("code", parameter.name), ` (${parameter.in}): ${type}`]));
  }
  if (found.requestBody) parts.push(make("h4", "Body"), ...content(found.requestBody, components));
  for (const [status, answer] of Object.entries(found.responses ?? {})) {
    parts.push(make("h4", `${status} ${answer.description ?? ""}`), ...content(answer, components));
  }
  const summary = make("summary", "", [
    make("span", method, [], "method"),
    make("code", path),
    make("span", ` ${found.summary ?? ""}`, [], "note"),
  ]);
  return make("details", "", [summary, ...parts]);
}

function show(api) {
  const components = api.components?.schemas ?? {};
  document.getElementById("about").textContent = `Version ${api.info.version}. ${api.info.description ?? ""}`;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, found] of Object.entries(item)) {
      if (!found?.responses) continue;
      const tag = found.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(method, path, found, components));
    }
  }
  place.replaceChildren();
  for (const [tag, operations] of groups) place.append(make("section", "", [make("h2", tag), ...operations]));
  place.setAttribute("aria-busy", "false");
}

try {
  const answer = await fetch("/v1/openapi.json");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  show(await answer.json());
} catch (error) {
  place.replaceChildren(make("p", `The document could not be loaded: ${error.message}`));
  place.setAttribute("aria-busy", "false");
}
