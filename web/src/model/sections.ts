import { displayKey, sectionOf } from './key_path';

export interface Section {
  /** Empty for the keys that have no slash. */
  name: string;
  keys: string[];
}

const compare = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;

/** Charts grouped by the text before the last slash; keys without one come first. */
export function groupIntoSections(keys: readonly string[], search: string): Section[] {
  const wanted = matcher(search);
  const sections = new Map<string, string[]>();
  for (const key of keys) {
    if (!wanted(displayKey(key))) continue;
    const { section } = sectionOf(key);
    const members = sections.get(section);
    if (members) members.push(key);
    else sections.set(section, [key]);
  }
  return [...sections]
    .map(([name, members]) => ({ name, keys: members.sort(compareKeys) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || compare(a.name, b.name));
}

/** Training first, then what it is judged by, the rest by name, and the machine last. */
function rank(section: string): number {
  if (section === '') return 0;
  const first = section.split('/', 1)[0] ?? '';
  if (/^train(ing)?$/i.test(first)) return 1;
  if (/^(val(id(ation)?)?|eval(uation)?|test)$/i.test(first)) return 2;
  return first === 'system' ? 4 : 3;
}

function compareKeys(a: string, b: string): number {
  return compare(displayKey(a), displayKey(b)) || (a < b ? -1 : 1);
}

/** A search is a regular expression if it can be one, else plain text; case never counts. */
export function matcher(search: string): (text: string) => boolean {
  const trimmed = search.trim();
  if (trimmed === '') return () => true;
  try {
    const expression = new RegExp(trimmed, 'i');
    return (text) => expression.test(text);
  } catch {
    const lower = trimmed.toLowerCase();
    return (text) => text.toLowerCase().includes(lower);
  }
}
