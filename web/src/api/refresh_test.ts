import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';

import { refresh } from './refresh';

/** A list in the server that a page reads; each answer waits until it is let go. */
class Page {
  readonly client = new QueryClient();
  stored = 0;
  answers: (() => void)[] = [];
  readonly observer = new QueryObserver(this.client, {
    queryKey: ['alerts', 'e', 'p', 'r'],
    queryFn: () => {
      const read = this.stored; // as the server saw it when it was asked
      return new Promise<number>((resolve) => this.answers.push(() => resolve(read)));
    },
  });
  shown: number | undefined;

  open(): void {
    this.observer.subscribe((result) => (this.shown = result.data));
  }
  async answer(): Promise<void> {
    await expect.poll(() => this.answers.length).toBeGreaterThan(0);
    this.answers.shift()?.();
  }
}

it('shows what changed while the first answer was on its way', async () => {
  const page = new Page();
  page.open();
  page.stored = 1;
  const done = refresh(page.client, ['alerts', 'e', 'p', 'r']);
  await page.answer();
  await page.answer();
  await done;
  expect(page.shown).toBe(1);
});

it('asks once for a change of what is shown, and not for other queries', async () => {
  const page = new Page();
  page.open();
  await page.answer();
  await expect.poll(() => page.shown).toBe(0);
  page.stored = 1;
  await refresh(page.client, ['files', 'e', 'p', 'r']);
  expect(page.answers).toHaveLength(0);
  const done = refresh(page.client, ['alerts', 'e', 'p', 'r']);
  await page.answer();
  await done;
  expect(page.shown).toBe(1);
  expect(page.answers).toHaveLength(0);
});
