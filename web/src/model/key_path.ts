import { isObject, type JsonObject, type JsonValue } from './json_value';

/**
 * A metric's name everywhere on the server is its leaf path: labels joined by `.`, a literal `.`
 * or `\` inside a label escaped by `\`. People are shown the labels as they logged them.
 */
export function joinPath(labels: readonly string[]): string {
  return labels.map((label) => label.replace(/[\\.]/g, '\\$&')).join('.');
}

export function splitPath(path: string): string[] {
  const labels: string[] = [];
  let label = '';
  for (let i = 0; i < path.length; i++) {
    const c = path[i];
    if (c === '\\' && i + 1 < path.length) label += path[++i];
    else if (c === '.') {
      labels.push(label);
      label = '';
    } else label += c;
  }
  labels.push(label);
  return labels;
}

/** The name to show: without escapes, as the user wrote it. */
export function displayKey(path: string): string {
  return path.includes('\\') ? splitPath(path).join('.') : path;
}

export interface Leaf {
  path: string;
  value: JsonValue;
}

/** Every leaf of a nested object; arrays, empty objects and media (with `_type`) are leaves. */
export function leaves(object: JsonObject): Leaf[] {
  const found: Leaf[] = [];
  const visit = (labels: string[], value: JsonValue): void => {
    if (isObject(value) && value.size > 0 && !value.has('_type')) {
      for (const [label, inner] of value) visit([...labels, label], inner);
    } else found.push({ path: joinPath(labels), value });
  };
  for (const [label, value] of object) visit([label], value);
  return found;
}

/** A copy of the object in which the leaf at `path` has the value; the original is untouched. */
export function withLeaf(object: JsonObject, path: string, value: JsonValue): JsonObject {
  const set = (at: JsonObject, labels: readonly string[]): JsonObject => {
    const [label = '', ...rest] = labels;
    const copy = new Map(at);
    if (rest.length === 0) return copy.set(label, value);
    const inner = at.get(label);
    return copy.set(label, set(isObject(inner) ? inner : new Map(), rest));
  };
  return set(object, splitPath(path));
}

/** Section and title of a chart: the text before the last slash, and what follows it. */
export function sectionOf(path: string): { section: string; title: string } {
  const name = displayKey(path);
  const slash = name.lastIndexOf('/');
  if (slash <= 0 || slash === name.length - 1) return { section: '', title: name };
  return { section: name.slice(0, slash), title: name.slice(slash + 1) };
}
