// Starts the real parts: a server in a folder of its own on a free port, and a browser.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const { chromium } = createRequire(join(root, 'web/package.json'))('playwright-core');

export const runstone = resolve(root, process.env.RUNSTONE_BIN ?? 'build/release/src/cli/runstone');
const browserProgram = process.env.RUNSTONE_CHROMIUM ?? '/usr/bin/chromium';
export const python = resolve(root, process.env.RUNSTONE_PYTHON ?? '.venv/bin/python');
export const here = join(root, 'tests/e2e');

/** Runs a program to its end; rejects unless it ends with 0. */
export function runProgram(program, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors += data));
    child.on('error', fail);
    child.on('close', (code) =>
      code === 0 ? done(output) : fail(new Error(`${program} ended with ${code}: ${errors}`)),
    );
  });
}

export class Server {
  static async start() {
    const server = new Server();
    server.folder = await mkdtemp(join(tmpdir(), 'runstone-e2e-'));
    const args = ['server', '--data', server.folder, '--port', '0'];
    server.process = spawn(runstone, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server.ended = new Promise((done) => server.process.on('close', done));
    server.address = await new Promise((done, fail) => {
      server.process.on('error', fail);
      server.process.on('close', (code) => fail(new Error(`the server ended with ${code}`)));
      createInterface({ input: server.process.stdout }).on('line', (line) => {
        const match = /https?:\/\/[^\s/]+:\d+/.exec(line);
        if (match) done(match[0]);
      });
    });
    server.key = (await runProgram(runstone, ['key', '--data', server.folder])).trim();
    const { viewer } = await server.graphql('{ viewer { entity } }', {});
    server.entity = viewer.entity;
    return server;
  }

  /** For a script that logs to this server and keeps its files in its folder. */
  clientEnvironment() {
    return {
      ...process.env,
      RUNSTONE_BASE_URL: this.address,
      RUNSTONE_API_KEY: this.key,
      RUNSTONE_DIR: this.folder,
    };
  }

  async signinLink() {
    const output = await runProgram(runstone, ['signin', '--data', this.folder]);
    return /https?:\S+/.exec(output)[0];
  }

  headers() {
    const credentials = Buffer.from(`api:${this.key}`).toString('base64');
    return {
      Authorization: `Basic ${credentials}`,
      'Content-Type': 'application/json',
    };
  }

  async post(path, body) {
    const response = await fetch(this.address + path, {
      method: 'POST',
      headers: this.headers(),
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async graphql(query, variables) {
    const answer = await this.post('/graphql', { query, variables });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  }

  /** Makes a run; the returned writer sends lines as a client would. */
  async createRun(input) {
    const data = await this.graphql(
      `mutation Make($input: UpsertBucketInput!) {
         upsertBucket(input: $input) { bucket { id name displayName } }
       }`,
      { input: { entityName: this.entity, ...input } },
    );
    return new RunWriter(this, input.modelName, data.upsertBucket.bucket);
  }

  async stop() {
    this.process.removeAllListeners('close');
    const ended = new Promise((done) => this.process.on('close', done));
    this.process.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** JSON text in which NaN and infinities are bare, as the clients write it. */
export function looseJson(value) {
  const text = JSON.stringify(value, (_, v) =>
    typeof v === 'number' && !Number.isFinite(v) ? `@@${v}@@` : v,
  );
  return text.replace(/"@@(NaN|-?Infinity)@@"/g, '$1');
}

export class RunWriter {
  constructor(server, project, bucket) {
    this.server = server;
    this.project = project;
    this.id = bucket.id;
    this.name = bucket.name;
    this.displayName = bucket.displayName;
    this.rows = 0;
    this.lines = 0;
    this.startedAt = Date.now() / 1000;
  }

  /** The run's page. */
  get path() {
    return `/${this.server.entity}/${this.project}/runs/${this.name}`;
  }

  async stream(body) {
    const { server, project, name } = this;
    return server.post(`/files/${server.entity}/${project}/${name}/file_stream`, body);
  }

  /** Sends rows; each gets the next step and the time it would have at ten rows a second. */
  async log(rows, summary) {
    const content = rows.map((row, i) => {
      const step = this.rows + i;
      const own = {
        _step: step,
        _runtime: step * 0.1,
        _timestamp: this.startedAt + step * 0.1,
      };
      return looseJson({ ...row, ...own });
    });
    const files = { 'wandb-history.jsonl': { offset: this.rows, content } };
    if (summary)
      files['wandb-summary.json'] = {
        offset: 0,
        content: [looseJson(summary)],
      };
    this.rows += rows.length;
    await this.stream({ files });
  }

  async print(lines) {
    const files = { 'output.log': { offset: this.lines, content: lines } };
    this.lines += lines.length;
    await this.stream({ files });
  }

  async finish() {
    await this.stream({ files: {}, complete: true, exitcode: 0 });
  }

  /** Stores a file as the clients do: announce it, then PUT its bytes. */
  async upload(name, bytes) {
    const data = await this.server.graphql(
      `mutation Announce($input: CreateRunFilesInput!) {
         createRunFiles(input: $input) { files { name uploadUrl } }
       }`,
      {
        input: {
          entityName: this.server.entity,
          projectName: this.project,
          runName: this.name,
          files: [name],
        },
      },
    );
    const { uploadUrl } = data.createRunFiles.files[0];
    const address = new URL(uploadUrl, this.server.address);
    const response = await fetch(address, { method: 'PUT', body: bytes });
    if (!response.ok) throw new Error(`PUT ${name}: ${response.status}`);
  }
}

export async function startBrowser() {
  return chromium.launch({
    executablePath: browserProgram,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** A fresh profile that is signed in. Problems that a page reports fail the test that asks. */
export async function signedInPage(browser, server, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  await page.goto(await server.signinLink());
  await page.waitForURL(`${server.address}/`);
  return page;
}

/** How many pixels of a chart's canvas are not transparent. */
export async function inkOf(page, metric) {
  return page.evaluate((name) => {
    const chart = [...document.querySelectorAll('.chart')].find((c) => c.dataset.metric === name);
    const canvas = chart?.querySelector('canvas');
    if (!canvas) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) ink += data[i] > 0 ? 1 : 0;
    return ink;
  }, metric);
}

/** A fingerprint of a chart's picture. */
export async function pictureOf(page, metric) {
  return page.evaluate((name) => {
    const chart = [...document.querySelectorAll('.chart')].find((c) => c.dataset.metric === name);
    return chart?.querySelector('canvas')?.toDataURL() ?? '';
  }, metric);
}

/**
 * The chart whose metric has this path, scrolled into view and drawn. Paths may hold quotes and
 * newlines, so it is looked for by value.
 */
export async function chartOf(page, metric) {
  const handle = await page.waitForFunction((name) => {
    const chart = [...document.querySelectorAll('.chart')].find((c) => c.dataset.metric === name);
    chart?.scrollIntoView({ block: 'nearest' });
    return chart?.querySelector('[data-drawn-to]') ? chart : null;
  }, metric);
  return handle.asElement();
}
