// What a person finds on the pages of finished and of awkward runs.
import { Server, chartOf, inkOf, pictureOf, signedInPage, startBrowser } from './harness.mjs';

const awkward = {
  'quote"d': 'quote"d',
  'two\nlines': 'two\nlines',
  'dotted.name': 'dotted\\.name',
  'back\\slash': 'back\\\\slash',
  'rocket 🚀': 'rocket 🚀',
  'a/b/c': 'a/b/c',
};
const big = '9223372036854775808';

let server, browser, page, run, second;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
  const config = `{"lr":{"value":0.001},"big":{"value":${big}},"net":{"value":{"depth":3}}}`;
  run = await server.createRun({
    modelName: 'digits',
    name: 'first1',
    displayName: 'brisk-otter-1',
    config,
    tags: ['baseline'],
  });
  const names = Object.keys(awkward);
  const rows = Array.from({ length: 5000 }, (_, i) => ({
    'train/loss': Math.exp(-i / 1000) + (i === 2500 ? 3 : 0),
    'train/noise': Math.sin(i * 1.7) + Math.sin(i / 500),
    'val/acc': 1 - Math.exp(-i / 800),
    epoch: i / 100,
    broken: i % 1000 === 500 ? NaN : i % 1000 === 700 ? Infinity : i / 5000,
    ...Object.fromEntries(names.map((name, n) => [name, Math.cos(i / 300 + n)])),
    nested: { deep: { value: i } },
  }));
  await run.log(rows, { ...rows[rows.length - 1], broken: NaN });
  await run.print([
    '2026-11-23T13:26:40.000001 starting',
    'ERROR 2026-11-23T13:26:41.000001 a warning',
    '2026-11-23T13:26:42.000001 \u001b[32mgreen\u001b[0m text',
  ]);
  await run.upload('notes/hello.txt', 'hello from a file\n');
  await run.finish();
  second = await server.createRun({
    modelName: 'digits',
    name: 'second2',
    displayName: 'mossy-2',
  });
  await second.log(rows.slice(0, 300).map((row) => ({ 'train/loss': row['train/loss'] * 2 })));
  await second.finish();
  page = await signedInPage(browser, server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path) => page.goto(server.address + path);

it('lists projects with their runs', async () => {
  await open('/');
  const card = page.locator('.project', { hasText: 'digits' });
  await card.waitFor();
  expect(await card.textContent()).toContain('2 runs');
  await card.click();
  await page.waitForURL(`**/${server.entity}/digits`);
});

it('shows runs in a table with config and summary columns, sorts and searches them', async () => {
  await open(`/${server.entity}/digits`);
  const row = page.locator('[data-run="first1"]');
  await row.waitFor();
  const text = await row.textContent();
  for (const part of ['brisk-otter-1', 'finished', 'baseline', big, '0.001']) {
    expect(text).toContain(part);
  }
  const names = () => page.locator('.run-link').allTextContents();
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await expect.poll(names).toEqual(['mossy-2', 'brisk-otter-1']);
  await page.getByRole('button', { name: 'Name', exact: true }).click();
  await expect.poll(names).toEqual(['brisk-otter-1', 'mossy-2']);
  await page.getByLabel('Search runs').fill('MOSSY');
  await expect.poll(names).toEqual(['mossy-2']);
  await page.getByLabel('Search runs').fill('');
  await expect.poll(names).toHaveLength(2);
});

it('compares runs in one chart; the address holds which', async () => {
  await open(`/${server.entity}/digits`);
  await chartOf(page, 'train/loss');
  const both = await pictureOf(page, 'train/loss');
  await page.getByLabel('Show mossy-2 in the charts').uncheck();
  await expect.poll(() => page.url()).toContain('runs=first1');
  await expect.poll(() => pictureOf(page, 'train/loss')).not.toBe(both);
  await page.reload();
  await chartOf(page, 'train/loss');
  expect(await page.getByLabel('Show mossy-2 in the charts').isChecked()).toBe(false);
});

it('draws a chart for every number, in sections, under the names that were logged', async () => {
  await open(run.path);
  for (const [name, path] of Object.entries(awkward)) {
    const chart = await chartOf(page, path);
    expect(await chart.getAttribute('aria-label')).toBe(name);
    await expect.poll(() => inkOf(page, path)).toBeGreaterThan(500);
  }
  const sections = await page.locator('.section-toggle > span:nth-child(2)').allTextContents();
  expect(sections).toEqual(expect.arrayContaining(['Metrics', 'a/b', 'train', 'val']));
});

it('says how many values are NaN or infinite, on the chart and in the summary', async () => {
  await open(run.path);
  const chart = await chartOf(page, 'broken');
  await expect.poll(() => chart.textContent()).toMatch(/∞ × [1-9]/);
  await open(`${run.path}?tab=overview`);
  await page.locator('.tree-leaf', { hasText: 'broken' }).waitFor();
  expect(await page.locator('.tree-leaf', { hasText: 'broken' }).textContent()).toContain('NaN');
  expect(await page.locator('.tree-leaf', { hasText: 'big' }).textContent()).toContain(big);
  const shown = await page.locator('[aria-label="Summary"] dt').allTextContents();
  expect(shown).toEqual(expect.arrayContaining(Object.keys(awkward)));
});

it('shows the values under the pointer, on all charts', async () => {
  await open(run.path);
  const chart = await chartOf(page, 'train/loss');
  const box = await (await chart.$('.u-over')).boundingBox();
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
  const tooltip = page.locator('.tooltip');
  await tooltip.waitFor();
  const text = await tooltip.textContent();
  const step = Number(/Step (\d+)/.exec(text)[1]);
  expect(Math.abs(step - 1250)).toBeLessThan(40);
  expect(text).toContain('brisk-otter-1');
  const other = await chartOf(page, 'train/noise');
  await expect.poll(async () => (await other.$('.chart-readout')).textContent()).toContain('·');
});

it('reads a zoomed range again at full resolution, and goes back on double-click', async () => {
  await open(run.path);
  const chart = await chartOf(page, 'train/loss');
  await page.waitForTimeout(300);
  const whole = await pictureOf(page, 'train/loss');
  const box = await (await chart.$('.u-over')).boundingBox();
  const asked = page.waitForRequest((request) => {
    const body = request.url().endsWith('/api/series') ? request.postDataJSON() : null;
    const query = body?.queries.find(({ key }) => key === 'train/loss');
    return query?.min > 2000 && query.max < 3000;
  });
  await page.mouse.move(box.x + box.width * 0.48, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.52, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await asked;
  await expect.poll(() => pictureOf(page, 'train/loss')).not.toBe(whole);
  await page.mouse.dblclick(box.x + box.width / 2, box.y + 60);
  await page.mouse.move(0, 0);
  await expect.poll(() => pictureOf(page, 'train/loss')).toBe(whole);
});

it.each([
  ['x axis', (p) => p.locator('[name=x-axis]').selectOption('_runtime'), 'x=_runtime'],
  ['metric as x', (p) => p.locator('[name=x-axis]').selectOption('epoch'), 'x=epoch'],
  ['log scale', (p) => p.locator('[name=log-scale]').check(), 'log=1'],
  ['smoothing', (p) => p.locator('[name=smoothing]').fill('0.9'), 'smooth=0.9'],
])('changes the picture and the address: %s', async (_, act, inAddress) => {
  await open(run.path);
  await (await chartOf(page, 'train/noise')).scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);
  const before = await pictureOf(page, 'train/noise');
  await act(page);
  await expect.poll(() => pictureOf(page, 'train/noise')).not.toBe(before);
  expect(page.url()).toContain(inAddress);
});

it('shows the console with times, colours and errors', async () => {
  await open(`${run.path}?tab=logs`);
  await page.locator('.log-line', { hasText: 'starting' }).waitFor();
  expect(await page.locator('.log-error').textContent()).toContain('a warning');
  expect(await page.locator('.ansi-green').textContent()).toBe('green');
});

it('lists files, shows a text and gives it for download', async () => {
  await open(`${run.path}?tab=files`);
  await page.locator('.file-link', { hasText: 'notes/hello.txt' }).click();
  await page.locator('.preview-text', { hasText: 'hello from a file' }).waitFor();
  const file = page.locator('.file', { hasText: 'notes/hello.txt' });
  const href = await file.locator('a[download]').getAttribute('href');
  const answer = await page.request.get(server.address + href);
  expect(await answer.text()).toBe('hello from a file\n');
});

it('keeps a new name, tags and notes', async () => {
  await open(run.path);
  await page.getByTitle('Rename').click();
  await page.getByLabel('Name of the run').fill('renamed "run" 🚀');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'tag', exact: true }).click();
  await page.getByLabel('New tag').fill('kept');
  await page.keyboard.press('Enter');
  await page.locator('.tag', { hasText: 'kept' }).waitFor();
  await open(`${run.path}?tab=overview`);
  await page.getByLabel('Notes').last().fill('it worked');
  await page.getByLabel('Notes').last().blur();
  await expect
    .poll(async () => {
      const data = await server.graphql(
        `query ($e: String, $r: String!) { project(name: "digits", entityName: $e) {
           run(name: $r) { displayName tags notes } } }`,
        { e: server.entity, r: run.name },
      );
      return data.project.run;
    })
    .toEqual({
      displayName: 'renamed "run" 🚀',
      tags: ['baseline', 'kept'],
      notes: 'it worked',
    });
  await page.reload();
  expect(await page.locator('h1').textContent()).toBe('renamed "run" 🚀');
});

it('says what to do where there is nothing', async () => {
  const empty = await server.createRun({ modelName: 'digits', name: 'empty3' });
  await open(empty.path);
  await page.getByText('Waiting for the first number').waitFor();
  expect(await page.locator('pre').textContent()).toContain('run.log(');
  await open(`/${server.entity}/digits/runs/no-such-run`);
  await page.getByRole('alert').waitFor();
});

it('asks a browser without a session to sign in', async () => {
  const context = await browser.newContext();
  const stranger = await context.newPage();
  await stranger.goto(server.address + run.path);
  await stranger.getByText('runstone signin').waitFor();
  await context.close();
});

it('runs under its content policy without a complaint', async () => {
  await open(run.path);
  await chartOf(page, 'train/loss');
  const complaints = page.problems.filter((text) => /Content Security Policy|violates/.test(text));
  expect(complaints).toEqual([]);
});
