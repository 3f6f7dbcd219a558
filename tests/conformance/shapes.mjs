// Watches everything that npm `twilio` reads of the network: each field that the library's types declare must be
// there and of the declared type, for whatever resource another check happens to use.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Page from "twilio/lib/base/Page.js";
import Version from "twilio/lib/base/Version.js";
import { saw } from "./sdk.mjs";

const { cache } = createRequire(import.meta.url);
/** What Twilio itself leaves out of lists; the resource alone has it. */
const NOT_IN_LISTS = /^NotificationInstance\.(request_variables|response_(body|headers))$/;
const seen = new Map();
const complaints = new Set();

/** From now on the library's instances are compared with its types. */
export function watchShapes() {
  for (const method of ["create", "fetch", "update"]) {
    const original = Version.default.prototype[method];
    Version.default.prototype[method] = function (...args) {
      const reading = original.apply(this, args);
      const then = reading.then.bind(reading);
      // The library's own first step makes the instance of what was read.
      reading.then = (make, ...rest) =>
        then(
          (payload) => {
            const made = make(payload);
            compare(made, payload);
            return made;
          },
          ...rest,
        );
      return reading;
    };
  }
  const { loadInstances } = Page.default.prototype;
  Page.default.prototype.loadInstances = function (payloads) {
    const instances = loadInstances.call(this, payloads);
    instances.forEach((instance, at) => compare(instance, payloads[at], NOT_IN_LISTS));
    return instances;
  };
}

/** Fails if anything was missing or of another type, and if fewer resources were read than are known to be. */
export function assertShapes(atLeast) {
  if (complaints.size > 0)
    throw new Error(`not as the library's types say:\n${[...complaints].sort().join("\n")}`);
  if (seen.size < atLeast)
    throw new Error(`only ${seen.size} resources were read: ${[...seen.keys()].sort()}`);
  saw(`fields and types of ${seen.size} resources are those that the library declares`);
}

function compare(instance, payload, except) {
  const made = instance?.constructor;
  if (!made?.name.endsWith("Instance")) return;
  const fields = seen.get(made) ?? fieldsOf(made);
  seen.set(made, fields);
  for (const [field, fits, declared] of fields) {
    const value = payload[field];
    if (value === undefined && except?.test(`${made.name}.${field}`)) continue;
    if (value === null || (value !== undefined && fits(value))) continue;
    complaints.add(`${made.name}.${field}: ${JSON.stringify(value)} is no ${declared}`);
  }
}

/** The fields of a resource as the library's declaration file has them. */
function fieldsOf(made) {
  const module = Object.values(cache).find((module) => module?.exports?.[made.name] === made);
  const declarations = readFileSync(module.filename.replace(/\.js$/, ".d.ts"), "utf8");
  const resource = made.name.replace(/Instance$/, "Resource");
  const body = new RegExp(`interface ${resource} \\{\n([^}]*)\\}`).exec(declarations);
  if (body === null) throw new Error(`${module.filename} declares no ${resource}`);
  return [...body[1].matchAll(/^ +"?([\w.]+)"?\??: (.+);$/gm)].map(([, field, type]) => [
    field,
    fitting(type, declarations),
    type,
  ]);
}

function fitting(type, declarations) {
  if (type === "string") return (value) => typeof value === "string";
  if (type === "number") return (value) => typeof value === "number";
  if (type === "boolean") return (value) => typeof value === "boolean";
  if (type === "Date") return (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
  if (/^(Array<|any\[\]|string\[\])/.test(type)) return Array.isArray;
  if (type.startsWith("Record<")) return (value) => typeof value === "object";
  const words = new RegExp(`type ${type} = ([^;]+);`).exec(declarations);
  if (words === null) return () => true;
  const known = new Set([...words[1].matchAll(/"([^"]*)"/g)].map(([, word]) => word));
  return (value) => known.has(value);
}
