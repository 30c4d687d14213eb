import { expect, it } from 'vitest';

import { parseEvent } from './events';
import { chartedKeys, xOf, type HistoryKey } from './metric';
import { assignColours, paletteSize } from './palette';
import { parseConfig, parseSummary, userLeaves } from './run';
import { groupIntoSections } from './sections';

it('unwraps config values and leaves out the client’s own', () => {
  const config = parseConfig('{"lr":{"value":0.1,"desc":null},"_wandb":{"value":{"t":1}}}');
  expect([...config]).toEqual([['lr', 0.1]]);
});

it('reads a summary with NaN and hides the recorder’s own keys from columns', () => {
  const summary = parseSummary('{"loss":NaN,"val":{"acc":{"max":0.9}},"_step":3}');
  expect([...userLeaves(summary)]).toEqual([
    ['loss', NaN],
    ['val.acc.max', 0.9],
  ]);
});

it('never gives two of up to ten runs the same colour', () => {
  const names = Array.from({ length: paletteSize }, (_, i) => `run${i}`);
  expect(new Set(assignColours(names).values()).size).toBe(paletteSize);
});

const key = (name: string, type: HistoryKey['type'] = 'number'): HistoryKey => ({
  name,
  type,
  count: 1,
  lastStep: 0,
});

it('charts numbers that are neither hidden nor the recorder’s own', () => {
  const keys = [key('loss'), key('_runtime'), key('img', 'media'), key('val/x'), key('hid')];
  const hidden = { name: 'hid', isGlob: false, stepMetric: null, isHidden: true };
  expect(chartedKeys(keys, [hidden])).toEqual(['loss', 'val/x']);
});

it('uses the step metric that define_metric gave, by name before glob', () => {
  const definitions = [
    { name: 'val/*', isGlob: true, stepMetric: 'epoch', isHidden: false },
    { name: 'val/special', isGlob: false, stepMetric: 'batch', isHidden: false },
  ];
  expect(xOf('val/loss', 'auto', definitions)).toBe('epoch');
  expect(xOf('val/special', 'auto', definitions)).toBe('batch');
  expect(xOf('train/loss', 'auto', definitions)).toBe('_step');
  expect(xOf('val/loss', '_runtime', definitions)).toBe('_runtime');
});

it('groups charts: training first, then its tests, the machine last; numbers as numbers', () => {
  const keys = ['system/cpu', 'b/10', 'b/9', 'val/loss', 'train/loss', 'loss'];
  expect(groupIntoSections(keys, '')).toEqual([
    { name: '', keys: ['loss'] },
    { name: 'train', keys: ['train/loss'] },
    { name: 'val', keys: ['val/loss'] },
    { name: 'b', keys: ['b/9', 'b/10'] },
    { name: 'system', keys: ['system/cpu'] },
  ]);
  expect(groupIntoSections(keys, '^b/1')).toEqual([{ name: 'b', keys: ['b/10'] }]);
  expect(groupIntoSections(['a(b'], '(')).toHaveLength(1);
});

it('reads live events', () => {
  const data = '{"run":"e/p/r","rows":12,"last_step":11,"new_keys":["a.b"]}';
  expect(parseEvent('rows', data)).toEqual({
    kind: 'rows',
    run: 'e/p/r',
    rows: 12,
    lastStep: 11,
    newKeys: ['a.b'],
  });
  const console = parseEvent('console', '{"run":"e/p/r","lines":[[4,"text"]]}');
  expect(console).toEqual({ kind: 'console', run: 'e/p/r', lines: [[4, 'text']] });
});
