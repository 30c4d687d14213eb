import { expect, it } from 'vitest';

import { deliveryText, severityOf, withNote, type AlertDelivery, type AlertNote } from './alert';
import { parseEvent } from './events';

const note = (id: string): AlertNote => ({
  id,
  title: `alert ${id}`,
  severity: 'INFO',
  isRepeated: false,
});
const delivery = (change: Partial<AlertDelivery>): AlertDelivery => ({
  id: 'd',
  state: 'QUEUED',
  attempts: 0,
  lastError: null,
  targetName: 'ops',
  ...change,
});

it('an unknown severity is shown as the mildest', () => {
  expect(severityOf('WARN')).toBe('WARN');
  expect(severityOf('LOUD')).toBe('INFO');
  expect(severityOf(null)).toBe('INFO');
});

it('a repeated alert replaces its note, and only the newest notes stay', () => {
  const notes = ['a', 'b', 'a', 'c', 'd', 'e'].map(note).reduce<AlertNote[]>(withNote, []);
  expect(notes.map(({ id }) => id)).toEqual(['a', 'c', 'd', 'e']);
});

it('a delivery says where it went and what went wrong', () => {
  expect(deliveryText(delivery({}))).toBe('On its way to ops');
  expect(deliveryText(delivery({ state: 'DELIVERED', attempts: 1 }))).toBe('Sent to ops');
  expect(deliveryText(delivery({ attempts: 2, lastError: 'status 500' }))).toBe(
    'Trying ops again: status 500',
  );
  expect(deliveryText(delivery({ state: 'FAILED', attempts: 9 }))).toBe('Not delivered to ops');
});

it('an alert event carries what a note needs', () => {
  const data = '{"run":"e/p/r","id":"x","title":"t","severity":"ERROR","repeated":true}';
  expect(parseEvent('alert', data)).toEqual({
    kind: 'alert',
    run: 'e/p/r',
    alert: { id: 'x', title: 't', severity: 'ERROR', isRepeated: true },
  });
});
