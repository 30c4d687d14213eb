// Alerts of a run on its page: the list, and the note that appears by itself.
import { Server, signedInPage, startBrowser } from './harness.mjs';

const notify = `mutation Notify($input: NotifyScriptableRunAlertInput!) {
  notifyScriptableRunAlert(input: $input) { success }
}`;
const makeTarget = `mutation Make($input: CreateAlertTargetInput!) {
  createAlertTarget(input: $input) { target { id } }
}`;

let server, browser, page, run;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
  run = await server.createRun({ modelName: 'alarms', name: 'loud1', displayName: 'loud-1' });
  page = await signedInPage(browser, server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

function alert(title, more = {}) {
  const input = { entityName: server.entity, projectName: 'alarms', runName: 'loud1', title };
  return server.graphql(notify, { input: { text: '', waitDuration: 0, ...input, ...more } });
}

it('says what alerts are while there are none', async () => {
  await page.goto(`${server.address}/${server.entity}/alarms/runs/loud1?tab=alerts`);
  await page.getByText('No alerts').waitFor();
  await page.getByText('run.alert(').waitFor();
});

it('shows an alert on the open page by itself, as a note and in the list', async () => {
  // The stream's answer begins once the server has the page among those who are told.
  const listening = page.waitForResponse((response) => response.url().includes('/api/events'));
  await page.goto(`${server.address}/${server.entity}/alarms/runs/loud1?tab=overview`);
  await listening;
  await alert('Loss is NaN', { text: 'at step 300', severity: 'ERROR' });
  const note = page.locator('.alert-float');
  await note.waitFor();
  expect(await note.textContent()).toContain('Loss is NaN');
  expect(await note.getAttribute('data-severity')).toBe('ERROR');
  await note.getByRole('link').click();
  const item = page.locator('.alert');
  await item.waitFor();
  expect(await item.textContent()).toContain('at step 300');
  expect(await page.locator('.tab-current').textContent()).toBe('Alerts1');
  await page.locator('.alert-float').waitFor({ state: 'detached' });
});

it('counts repetitions and shows what could not be delivered', async () => {
  const input = {
    kind: 'WEBHOOK',
    name: 'ops',
    url: `${server.address}/no/such/hook`,
    allowPrivate: true,
  };
  const made = await fetch(`${server.address}/graphql`, {
    method: 'POST',
    headers: { ...server.headers(), 'Use-Admin-Privileges': 'true' },
    body: JSON.stringify({ query: makeTarget, variables: { input } }),
  });
  expect((await made.json()).errors).toBeUndefined();
  await alert('Disk is full', { severity: 'WARN', waitDuration: 60_000 });
  await alert('Disk is full', { severity: 'WARN', waitDuration: 60_000 });
  const item = page.locator('.alert').filter({ hasText: 'Disk is full' });
  await item.getByText('One more with this title').waitFor();
  await item.getByText('Not delivered to ops').waitFor({ timeout: 20_000 });
  expect(await item.count()).toBe(1);
});

it('folds a long text, and takes markup in it as text', async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
  await alert('<img src=x onerror=alert(1)>', { text: `<b>bold</b>\n${lines}` });
  const item = page.locator('.alert').first();
  await item.getByText('<b>bold</b>').waitFor();
  expect(await page.locator('.alert img, .alert b').count()).toBe(0);
  await item.getByRole('button', { name: 'All of it' }).click();
  await item.getByRole('button', { name: 'Less' }).waitFor();
});
