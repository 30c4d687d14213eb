// What a person finds on the pages of sweeps, and where addresses of the stock client lead.
import { Server, signedInPage, startBrowser } from './harness.mjs';

const yaml = `program: train.py
method: bayes
metric:
  name: val/loss
  goal: minimize
parameters:
  lr:
    min: 0.0001
    max: 0.1
  optimizer:
    values: [adam, sgd]
`;

let server, browser, page, sweep, idle;

async function makeSweep(config, displayName) {
  const data = await server.graphql(
    `mutation S($input: UpsertSweepInput!) { upsertSweep(input: $input) { sweep { id name } } }`,
    { input: { projectName: 'search', config, displayName } },
  );
  return data.upsertSweep.sweep;
}

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
  const outside = await server.createRun({ modelName: 'search', name: 'outside' });
  await outside.finish();
  sweep = await makeSweep(yaml, 'learning rates');
  idle = await makeSweep('method: grid\nparameters: {a: {values: [1, 2]}}', null);
  for (let i = 0; i < 12; i++) {
    const lr = 10 ** (-4 + i / 4);
    const run = await server.createRun({
      modelName: 'search',
      name: `trial${i}`,
      displayName: `trial-${i}`,
      sweep: sweep.name,
      config: JSON.stringify({
        lr: { value: lr },
        optimizer: { value: i % 2 ? 'adam' : 'sgd' },
        epochs: { value: 3 },
      }),
    });
    const loss = 0.2 + (Math.log10(lr) + 2) ** 2 / 4;
    await run.log([{ 'val/loss': loss + 1 }, { 'val/loss': loss }], { 'val/loss': loss });
    await run.finish();
  }
  page = await signedInPage(browser, server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path) => page.goto(server.address + path);
const inProject = (rest) => `/${server.entity}/search${rest}`;

it('shows how far a sweep is, what it found, its parameters and its runs only', async () => {
  await open(inProject(`/sweeps/${sweep.name}`));
  await page.getByRole('heading', { name: 'learning rates' }).waitFor();
  const facts = await page.locator('.sweep-numbers').textContent();
  for (const part of ['bayes', '12', 'Best val/loss', '0.2']) expect(facts).toContain(part);
  await expect.poll(() => page.locator('[data-run]').count()).toBeGreaterThan(5);
  expect(await page.locator('[data-run="outside"]').count()).toBe(0);
  const axes = () => page.locator('.parallel-name').allTextContents();
  await expect.poll(axes).toEqual(['lr', 'optimizer', 'val/loss']);
  expect(await page.locator('[data-line]').count()).toBe(12);
  await page.getByText('Configuration').click();
  expect(await page.locator('.sweep-config pre').textContent()).toContain('min: 0.0001');
});

it('leads from the project to its sweeps and to one of them', async () => {
  await open(inProject(''));
  await page.getByRole('link', { name: '2 sweeps' }).click();
  const card = page.locator(`[data-sweep="${sweep.name}"]`);
  await card.waitFor();
  for (const part of ['learning rates', 'bayes', '12 runs', 'best 0.2']) {
    expect(await card.textContent()).toContain(part);
  }
  await card.click();
  await page.waitForURL(`**${inProject(`/sweeps/${sweep.name}`)}*`);
});

it('pauses, resumes and stops a sweep, and asks before the end', async () => {
  await open(inProject(`/sweeps/${idle.name}`));
  const state = page.locator('.sweep-head [data-state]');
  await page.getByText(`wandb agent ${server.entity}/search/${idle.name}`).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => state.getAttribute('data-state')).toBe('PAUSED');
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => state.getAttribute('data-state')).toBe('RUNNING');
  await page.getByRole('button', { name: 'Stop' }).click();
  expect(await state.getAttribute('data-state')).toBe('RUNNING');
  await page.getByRole('button', { name: 'Stop it' }).click();
  await expect.poll(() => state.getAttribute('data-state')).toBe('FINISHED');
  expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
});

it('says so when a sweep is not there', async () => {
  await open(inProject('/sweeps/nothere1'));
  await page.getByText('There is no sweep nothere1').waitFor();
});

const places = [
  ['/home', () => page.getByRole('heading', { name: 'Projects' })],
  ['/authorize', () => page.getByRole('heading', { name: 'API keys' })],
  ['/ENTITY', () => page.locator('.project', { hasText: 'search' })],
  ['/ENTITY/search/workspace', () => page.locator('[data-run="trial1"]')],
  ['/ENTITY/search/workspace?nw=abc', () => page.locator('[data-run="trial1"]')],
  ['/ENTITY/search/runs', () => page.locator('[data-run="trial1"]')],
  ['/ENTITY/search/groups/none', () => page.getByText('No run matches “none”')],
  ['/ENTITY/search/runs/trial1/overview', () => page.getByRole('heading', { name: 'Config' })],
  ['/ENTITY/search/runs/trial1/files', () => page.getByRole('heading', { name: 'trial-1' })],
  ['/ENTITY/search/runs/trial1/workspace', () => page.getByRole('heading', { name: 'trial-1' })],
  ['/ENTITY/search/sweeps', () => page.getByText('learning rates')],
  ['/ENTITY/search/artifacts', () => page.getByText('api.artifact_types("')],
  ['/ENTITY/search/artifacts/model/net/v3', () => page.getByText('search/net:v3")')],
  ['/ENTITY/search/reports/We-found--VmlldzoxMg', () => page.getByText('We found')],
  ['/orgs/acme/registry/model', () => page.getByText('api.registry("model", "acme")')],
  [
    '/orgs/acme/registry/model?selectionPath=acme/wandb-registry-model/zoo&view=membership&version=v1',
    () => page.getByText('wandb-registry-model/zoo:v1")'),
  ],
  ['/ENTITY/registry/model', () => page.getByText('api.registry("model"')],
];

it.each(places)('leads somewhere: %s', async (path, found) => {
  await open(path.replace('ENTITY', server.entity));
  await found().first().waitFor({ timeout: 10_000 });
  expect(await page.getByText('There is no such page').count()).toBe(0);
});
