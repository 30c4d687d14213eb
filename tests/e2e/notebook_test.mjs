// DI1: what Run.display() puts into a notebook shows the run, and gives nothing else to the page around it.
import { createServer } from 'node:http';

import {
  Server,
  chartOf,
  here,
  python,
  runProgram,
  signedInPage,
  startBrowser,
} from './harness.mjs';

let server, browser, page, html, notebook;

/** A page of another origin that frames `html`, as a notebook does: its port at each host of this machine. */
async function serveNotebook() {
  const web = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    const cell = request.url === '/bare' ? html.replace('?jupyter=true', '') : html;
    response.end(`<!doctype html><title>notebook</title><h1>In [1]</h1>${cell}`);
  });
  await new Promise((done) => web.listen(0, done));
  return web;
}

const at = (host, path = '/') => `http://${host}:${notebook.address().port}${path}`;

beforeAll(async () => {
  [server, browser] = await Promise.all([Server.start(), startBrowser()]);
  html = await runProgram(python, [`${here}/show_in_notebook.py`], {
    env: server.clientEnvironment(),
    cwd: server.folder,
  });
  notebook = await serveNotebook();
  page = await signedInPage(browser, server);
});

afterAll(async () => {
  notebook?.close();
  await browser?.close();
  await server?.stop();
});

it('shows the charts of the run in a frame of the given height', async () => {
  expect(html).toContain('height:420px');
  await page.goto(at('127.0.0.1'));
  const frame = page.frames()[1];
  await frame.getByText('cell-1').waitFor();
  await chartOf(frame, 'loss');
  await chartOf(frame, 'accuracy');
  expect(await frame.getByText('finished').count()).toBe(1);
  expect(await frame.getByText('baseline').count()).toBe(1);
  expect(page.problems).toEqual([]);
});

it('offers nothing in the frame that changes the run, and opens its page beside the notebook', async () => {
  await page.goto(at('127.0.0.1'));
  const frame = page.frames()[1];
  await frame.getByText('cell-1').waitFor();
  for (const name of ['Rename', 'tag', 'Theme']) {
    expect(await frame.getByRole('button', { name }).count()).toBe(0);
  }
  const [opened] = await Promise.all([
    page.context().waitForEvent('page'),
    frame.getByText('cell-1').click(),
  ]);
  await opened.getByRole('heading', { name: 'cell-1' }).waitFor();
  expect(new URL(opened.url()).search).toBe('');
  await opened.close();
});

it('says where the notebook shares the session when the browser keeps it from this host', async () => {
  await page.goto(at('localhost'));
  const frame = page.frames()[1];
  await frame.getByText('Sign in to see the run here').waitFor();
  await frame.getByText(at('127.0.0.1', '')).waitFor();
});

it('asks who has no session to sign in beside the notebook', async () => {
  const stranger = await browser.newPage();
  await stranger.goto(at('127.0.0.1'));
  const frame = stranger.frames()[1];
  await frame.getByText('then run this cell again').waitFor();
  expect(await frame.getByLabel('Password').count()).toBe(0);
  await stranger.close();
});

it('is framed by no page of another host, and in no other form', async () => {
  const visitor = await signedInPage(browser, server);
  for (const address of [at('127.0.0.2'), at('127.0.0.1', '/bare')]) {
    visitor.problems = [];
    await visitor.goto(address);
    await expect.poll(() => visitor.problems.join('\n')).toContain('frame-ancestors');
    expect(await visitor.frames()[1].getByText('cell-1').count()).toBe(0);
  }
  await visitor.context().close();
});
