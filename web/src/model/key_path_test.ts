import { expect, it } from 'vitest';

import { parseJson, type JsonObject } from './json_value';
import { displayKey, joinPath, leaves, sectionOf, splitPath, withLeaf } from './key_path';

const labels = [['a', 'b'], ['a.b'], ['back\\slash', 'x.'], ['', ''], ['new\nline', '"q" 🚀/x']];

it.each(labels)('splits what it joined: %j %j', (...given) => {
  const path = given.filter((label) => label !== undefined);
  expect(splitPath(joinPath(path))).toEqual(path);
});

it('keeps nested and dotted names apart, and shows both as logged', () => {
  expect(joinPath(['a', 'b'])).toBe('a.b');
  expect(joinPath(['a.b'])).toBe('a\\.b');
  expect(displayKey('a\\.b')).toBe('a.b');
});

it('takes media and arrays as leaves', () => {
  const object = parseJson('{"a":{"b":1,"c":[1]},"img":{"_type":"image-file"}}') as JsonObject;
  expect(leaves(object).map(({ path }) => path)).toEqual(['a.b', 'a.c', 'img']);
});

it('changes one leaf and leaves the original as it was', () => {
  const object = parseJson('{"a":{"b":1,"c":2}}') as JsonObject;
  const changed = withLeaf(withLeaf(object, 'a.b', 9), 'x\\.y', NaN);
  expect(leaves(changed)).toEqual([
    { path: 'a.b', value: 9 },
    { path: 'a.c', value: 2 },
    { path: 'x\\.y', value: NaN },
  ]);
  expect(leaves(object)).toHaveLength(2);
});

it.each([
  ['loss', '', 'loss'],
  ['train/loss', 'train', 'loss'],
  ['a/b/c', 'a/b', 'c'],
  ['/loss', '', '/loss'],
  ['train/', '', 'train/'],
  ['v\\.1/acc\\.top', 'v.1', 'acc.top'],
])('groups %j by the text before the last slash', (path, section, title) => {
  expect(sectionOf(path)).toEqual({ section, title });
});
