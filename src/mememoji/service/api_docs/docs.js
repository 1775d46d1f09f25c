// The documentation of the API, rendered from the service's OpenAPI document, with a form for each route.

const FORM = "multipart/form-data";
const MAX_TEXT = 200;

/** Make an element with properties and children. */
function make(name, properties = {}, ...children) {
  const { data, ...others } = properties;
  const element = Object.assign(document.createElement(name), others);
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return text whose parts between backticks are code. */
function withCode(text) {
  return (text ?? "").split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function paragraphs(text) {
  return (text ?? "").split(/\n\s*\n/).map((part) => make("p", {}, ...withCode(part)));
}

class Page {
  constructor(api) {
    this.api = api;
    this.keyInput = document.querySelector("#key input");
  }

  render() {
    const { info, paths, components } = this.api;
    document.querySelector("#summary").append(info.summary ?? "");
    document.querySelector("#description").append(...withCode(info.description));
    document.querySelector("#version").append(`Version ${info.version}`);
    document.querySelector("#key").hidden = !components.securitySchemes;
    const tags = new Map();
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const tag = operation.tags?.[0] ?? "other";
        tags.set(tag, [...(tags.get(tag) ?? []), this.renderOperation(method, path, operation)]);
      }
    }
    const main = document.querySelector("#routes");
    for (const [tag, routes] of tags) main.append(make("h2", {}, tag), ...routes);
    main.append(make("h2", {}, "Schemas"));
    for (const [name, schema] of Object.entries(components.schemas)) main.append(this.renderSchema(name, schema));
    this.openTarget();
    addEventListener("hashchange", () => this.openTarget());
  }

  /** Open the route or schema that the address names. */
  openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  }

  renderOperation(method, path, operation) {
    const heading = make(
      "h3",
      {},
      make("span", { className: `method ${method}` }, method.toUpperCase()),
      make("code", {}, path),
      make("span", { className: "muted" }, ...withCode(operation.description?.split(/(?<=\.)\s/)[0])),
    );
    const details = make("details", { id: operation.operationId }, make("summary", {}, heading));
    // Rendered when it is opened: most routes never are.
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return;
      details.append(
        make(
          "div",
          { className: "content" },
          ...paragraphs(operation.description),
          this.renderForm(method, path, operation),
          make("h4", {}, "Responses"),
          this.renderResponses(operation.responses),
        ),
      );
    });
    return details;
  }

  renderForm(method, path, operation) {
    const fields = this.listFields(operation);
    const form = make("form", {}, ...fields.map((field) => this.renderField(operation.operationId, field)));
    const result = make("div", { role: "status" });
    form.append(make("button", { type: "submit" }, "Send"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send(this.makeRequest(method, path, fields, form), result);
    });
    return make("div", {}, make("h4", {}, "Try it"), form, result);
  }

  /** Return the fields of the form: parameters of the path and the query, and those of the body, each name once. */
  listFields({ parameters = [], requestBody }) {
    const body = requestBody?.content[FORM]?.schema ?? {};
    const described = new Map(parameters.map((parameter) => [parameter.name, parameter]));
    const inBody = Object.entries(body.properties ?? {}).map(([name, schema]) => ({
      ...described.get(name),
      name,
      in: "body",
      required: false,
      schema,
    }));
    return [...parameters.filter(({ name }) => !body.properties?.[name]), ...inBody];
  }

  renderField(operationId, { name, schema, required, description }) {
    const id = `${operationId}-${name}`;
    const isArray = schema.type === "array";
    const item = this.resolve(isArray ? schema.items : (schema.anyOf?.[0] ?? schema));
    let control;
    if (item.format === "binary") control = make("input", { type: "file", accept: "image/*", multiple: isArray });
    else if (item.enum)
      control = make(
        "select",
        {},
        make("option", { value: "" }, "not set"),
        ...item.enum.map((value) => make("option", {}, value)),
      );
    else control = make(isArray ? "textarea" : "input", { pattern: item.pattern ?? "" });
    if (!item.pattern) control.removeAttribute("pattern");
    Object.assign(control, { id, name, required: Boolean(required), autocomplete: "off" });
    const note = [description, isArray && item.format !== "binary" ? "One a line." : ""].filter(Boolean).join(" ");
    return make(
      "div",
      { className: "field" },
      make("label", { htmlFor: id }, make("code", {}, name), required ? " (required)" : ""),
      control,
      note ? make("span", { className: "muted" }, note) : null,
    );
  }

  /** Return the request that a filled form describes, and the curl command that sends the same. */
  makeRequest(method, path, fields, form) {
    const query = new URLSearchParams();
    const body = new FormData();
    let target = path;
    for (const field of fields) {
      const control = form.elements.namedItem(field.name);
      const values =
        control.type === "file" ? [...control.files] : control.value.split(field.schema.type === "array" ? "\n" : /$^/);
      for (const value of values.filter(Boolean)) {
        if (field.in === "path") target = target.replace(`{${field.name}}`, encodeURIComponent(value));
        else if (field.in === "body") body.append(field.name, value);
        else query.append(field.name, value);
      }
    }
    const url = new URL(target.slice(1) + (query.size ? `?${query}` : ""), document.baseURI);
    const headers = this.keyInput.value ? { "X-API-Key": this.keyInput.value } : {};
    const hasBody = [...body].length > 0;
    const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
    const curl = [
      "curl",
      ...(method === "get" || (method === "post" && hasBody) ? [] : ["-X", method.toUpperCase()]),
      ...(this.keyInput.value ? ["-H", quote("X-API-Key: …")] : []),
      ...[...body].flatMap(([name, value]) => [
        "-F",
        quote(`${name}=${value instanceof File ? `@${value.name}` : value}`),
      ]),
      quote(url.href),
    ].join(" ");
    return { url, curl, options: { method: method.toUpperCase(), headers, ...(hasBody && { body }) } };
  }

  async send({ url, curl, options }, result) {
    result.replaceChildren(make("p", { className: "muted" }, "Waiting for the response…"));
    const start = performance.now();
    try {
      const response = await fetch(url, options);
      const text = await response.text();
      const milliseconds = Math.round(performance.now() - start);
      const headers = ["X-Request-ID", "X-Model-Version", "Retry-After"].filter((name) => response.headers.has(name));
      result.replaceChildren(
        make("h4", {}, "Response"),
        make(
          "p",
          { className: response.ok ? "succeeded" : "failed" },
          `${response.status} ${response.statusText}, ${milliseconds} ms`,
        ),
        make("p", { className: "muted" }, headers.map((name) => `${name}: ${response.headers.get(name)}`).join(", ")),
        ...renderBody(text),
      );
    } catch (error) {
      result.replaceChildren(make("p", { className: "failed" }, `No response: ${error.message}`));
    }
    result.append(
      make("h4", {}, "The same with curl"),
      makeBlock(curl.length > 5000 ? `${curl.slice(0, 5000)}…` : curl, "Command"),
    );
  }

  renderResponses(responses) {
    const rows = Object.entries(responses).map(([status, { description, content }]) =>
      make(
        "tr",
        {},
        make("td", {}, status),
        make("td", {}, description),
        make("td", {}, ...this.describe(content?.["application/json"]?.schema)),
      ),
    );
    return makeTable(["Status", "Meaning", "Body"], rows);
  }

  renderSchema(name, schema) {
    const required = new Set(schema.required);
    const rows = Object.entries(schema.properties ?? {}).map(([field, property]) =>
      make(
        "tr",
        {},
        make("td", {}, make("code", {}, field), required.has(field) ? "" : " (optional)"),
        make("td", {}, ...this.describe(property)),
        make("td", {}, ...withCode(property.description)),
      ),
    );
    const [first] = paragraphs(schema.description);
    return make(
      "details",
      { id: `schema-${name}` },
      make("summary", {}, make("h3", {}, make("code", {}, name))),
      make(
        "div",
        { className: "content" },
        first,
        rows.length ? makeTable(["Field", "Type", "Meaning"], rows) : make("p", {}, ...this.describe(schema)),
      ),
    );
  }

  /** Return the type of a schema in words, with links to schemas of their own. */
  describe(schema) {
    if (!schema) return ["none"];
    if (schema.$ref) {
      const name = schema.$ref.split("/").pop();
      return [make("a", { href: `#schema-${name}` }, name)];
    }
    if (schema.anyOf) {
      const types = schema.anyOf.filter(({ type }) => type !== "null").map((option) => this.describe(option));
      return types.flatMap((type, index) => (index ? [" or ", ...type] : type));
    }
    if (schema.enum) return schema.enum.flatMap((value, index) => [index ? ", " : "", make("code", {}, value)]);
    if (schema.type === "array" && schema.prefixItems) return [`list of ${schema.prefixItems.length} values`];
    if (schema.type === "array") return ["list of ", ...this.describe(schema.items)];
    return [schema.const === undefined ? (schema.type ?? "any") : JSON.stringify(schema.const)];
  }

  resolve(schema) {
    return schema.$ref ? this.api.components.schemas[schema.$ref.split("/").pop()] : schema;
  }
}

/** Return a response's body: its images, and its JSON with long texts cut. */
function renderBody(text) {
  if (!text) return [];
  const images = [];
  const shorten = (key, value) => {
    if (typeof value !== "string") return value;
    if (value.startsWith("data:image/")) images.push(make("img", { src: value, alt: key }));
    return value.length > MAX_TEXT ? `${value.slice(0, 60)}… (${value.length} characters)` : value;
  };
  let body = text;
  try {
    body = JSON.stringify(JSON.parse(text, shorten), null, 2);
  } catch {
    // Not JSON: shown as it is.
  }
  return [images.length ? make("div", { className: "images" }, ...images) : null, makeBlock(body, "Body")].filter(
    Boolean,
  );
}

/** Return a block of text, which the keyboard can scroll. */
function makeBlock(text, label) {
  return make("pre", { tabIndex: 0, role: "group", ariaLabel: label }, text);
}

function makeTable(names, rows) {
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows),
  );
}

const theme = localStorage.getItem("mememoji-theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
const response = await fetch("openapi.json");
new Page(await response.json()).render();
