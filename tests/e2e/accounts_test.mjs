// Signing in with a password, and what a person does on the account page.
import { spawn } from 'node:child_process';

import { Server, runstone, signedInPage, startBrowser } from './harness.mjs';

let server, browser;

/** `runstone ARGUMENTS` on the server's data; `input` is its standard input. */
function command(args, input = '') {
  return new Promise((done, fail) => {
    const child = spawn(runstone, [...args, '--data', server.folder]);
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? done(output) : fail(new Error(`${args}: ${code}`))));
    child.stdin.end(input);
  });
}

async function freshPage(path = '/') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(server.address + path);
  return page;
}

async function signIn(page, name, password) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The status of a request with this key. */
async function statusOf(key) {
  const response = await fetch(`${server.address}/graphql`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` },
    body: JSON.stringify({ query: '{ viewer { username } }' }),
  });
  return response.status;
}

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
  await command(['user', 'add', 'ann', '--display-name', 'Ann Other']);
  await command(['user', 'password', 'ann'], 'correct horse\n');
  await command(['team', 'add', 'crew', '--member', 'ann']);
  await server.createRun({ modelName: 'private', name: 'r1' });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test('a stranger gets the sign-in page, and a password opens the page that was asked for', async () => {
  const page = await freshPage('/account');
  await page.getByRole('heading', { name: 'Sign in to Runstone' }).waitFor();
  await signIn(page, 'ann', 'wrong horse');
  await page.getByText('No user has this name and this password.').waitFor();
  await signIn(page, 'ann', 'correct horse');
  await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
  await page.getByText('crew').waitFor();
  await page.context().close();
});

test("one sees one's own entity and teams, and not what is another's", async () => {
  const page = await freshPage();
  await signIn(page, 'ann', 'correct horse');
  await page.getByRole('heading', { name: 'crew' }).waitFor();
  expect(await page.getByText('private').count()).toBe(0);
  await page.goto(`${server.address}/${server.entity}/private`);
  await page
    .getByText(/not found|no project|is not there|does not exist/i)
    .first()
    .waitFor();
  await page.context().close();
});

test('a key is made with a name, shown once, works, and is revoked', async () => {
  const page = await signedInPage(browser, server);
  await page.goto(`${server.address}/authorize`); // where the stock client sends people
  await page.getByLabel('Name of the new key').fill('cluster');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await page.locator('.fresh-key code').innerText();
  expect(key).toMatch(/^local-[A-Za-z0-9_]{40,}$/);
  expect(await statusOf(key)).toBe(200);
  await page.reload();
  const row = page.locator('[data-key="cluster"]');
  await row.waitFor();
  expect(await page.content()).not.toContain(key);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Revoke for good' }).click();
  await row.waitFor({ state: 'detached' });
  expect(await statusOf(key)).toBe(401);
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test('a password is set without an old one, and changed with it', async () => {
  const page = await signedInPage(browser, server);
  await page.goto(`${server.address}/account`);
  await page.getByLabel('New password').fill('first password');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('The password is set.').waitFor();
  await page.getByLabel('Current password').fill('a wrong one');
  await page.getByLabel('New password').fill('second password');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('the current password is another one').waitFor();
  await page.getByLabel('Current password').fill('first password');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The password is set.').waitFor();
  await page.context().close();
});

test('signing out ends the session', async () => {
  const page = await freshPage();
  await signIn(page, 'ann', 'correct horse');
  await page.getByRole('button', { name: 'Account of ann' }).click();
  await page.getByText('Ann Other').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Runstone' }).waitFor();
  await page.context().close();
});
