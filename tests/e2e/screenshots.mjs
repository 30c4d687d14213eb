// Saves pictures of the pages over a real server: node screenshots.mjs [FOLDER]
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Server, here, signedInPage, startBrowser } from './harness.mjs';

const folder = resolve(process.argv[2] ?? `${here}/out/screenshots`);

/** A curve that looks like training: `t` from 0 to 1. */
function row(t, skill, random) {
  const loss = 2.3 * Math.exp(-t * (3 + 2 * skill));
  const perClass = Array.from({ length: 10 }, (_, digit) => [
    `per_class/accuracy/${digit}`,
    0.985 - 0.85 * Math.exp(-t * (2 + ((digit * 7) % 5) + skill)) - 0.02 * random(),
  ]);
  return {
    'train/loss': loss + 0.08 + 0.12 * (random() - 0.5) * (0.4 + loss),
    'train/accuracy': 1 - 0.9 * Math.exp(-t * (4 + skill)) - 0.04 * random(),
    'train/grad_norm': Math.exp(1.1 * (random() - 0.5)) * (0.4 + loss),
    'val/loss': loss * 1.1 + 0.16 + 0.12 * t * t + 0.02 * random(),
    'val/accuracy': 0.975 - 0.87 * Math.exp(-t * (3.5 + skill)) - 0.015 * random(),
    'val/top3_accuracy': 0.995 - 0.6 * Math.exp(-t * (4.5 + skill)) - 0.008 * random(),
    'optimizer/lr': 1e-3 * 0.5 * (1 + Math.cos(Math.PI * t)),
    ...Object.fromEntries(perClass),
  };
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const names = ['brisk-otter', 'mossy-raven', 'quiet-fjord', 'amber-birch', 'granite-heron'];

async function logRun(server, index) {
  const random = seeded(index * 7919 + 17);
  const skill = random() * 2;
  const rows = 1200;
  const run = await server.createRun({
    modelName: 'digits',
    displayName: `${names[index % names.length]}-${index + 1}`,
    tags: [['baseline'], ['adamw', 'sweep'], ['long'], []][index % 4],
    notes: index % 3 === 0 ? 'Cosine schedule, warm-up over 100 steps.' : null,
    groupName: 'mlp',
    config: JSON.stringify({
      lr: { value: [1e-3, 3e-4, 1e-4][index % 3] },
      batch_size: { value: 32 * (1 + (index % 4)) },
      epochs: { value: 40 },
      model: {
        value: {
          kind: 'mlp',
          width: 128,
          depth: 2 + (index % 3),
          dropout: 0.1,
        },
      },
      optimizer: { value: { name: 'adamw', weight_decay: 0.01 } },
    }),
  });
  const all = Array.from({ length: rows }, (_, i) => row(i / rows, skill, random));
  await run.log(all, all[rows - 1]);
  await run.print(
    Array.from({ length: 120 }, (_, i) => {
      const time = new Date(Date.now() + i * 900).toISOString().slice(0, 23);
      return i % 40 === 39
        ? `ERROR ${time} UserWarning: 2 batches were shorter than the others`
        : `${time} epoch ${i} loss ${all[i * 10]['train/loss'].toFixed(4)}`;
    }),
  );
  await run.upload('requirements.txt', 'numpy==2.3.1\nscikit-learn==1.8.0\n');
  await run.upload('code/train.py', 'import runstone\n\nrun = runstone.init(project="digits")\n');
  if (index > 0) await run.finish();
  return run;
}

const sweepYaml = `program: train.py
method: bayes
metric:
  name: val/loss
  goal: minimize
parameters:
  lr: {min: 0.0001, max: 0.1}
  optimizer: {values: [adamw, sgd, lion]}
  dropout: {min: 0.0, max: 0.5}
  depth: {values: [2, 4, 8]}
`;

/** A sweep that has tried some parameters, and one that nobody has begun. */
async function makeSweeps(server) {
  const make = async (config, displayName) => {
    const data = await server.graphql(
      `mutation S($input: UpsertSweepInput!) { upsertSweep(input: $input) { sweep { name } } }`,
      { input: { projectName: 'tuning', config, displayName } },
    );
    return data.upsertSweep.sweep.name;
  };
  const random = seeded(5);
  const sweep = await make(sweepYaml, 'MLP: rate, depth and dropout');
  for (let index = 0; index < 24; index++) {
    const lr = 10 ** (-4 + 3 * random());
    const depth = [2, 4, 8][index % 3];
    const dropout = 0.5 * random();
    const loss = 0.1 + (Math.log10(lr) + 2.6) ** 2 / 3 + Math.abs(depth - 4) / 20 + dropout / 4;
    const run = await server.createRun({
      modelName: 'tuning',
      displayName: `${names[index % names.length]}-${index + 20}`,
      sweep,
      config: JSON.stringify({
        lr: { value: lr },
        depth: { value: depth },
        dropout: { value: dropout },
        optimizer: { value: ['adamw', 'sgd', 'lion'][(index * 7) % 3] },
      }),
    });
    const rows = Array.from({ length: 60 }, (_, i) => ({ 'val/loss': loss + Math.exp(-i / 12) }));
    await run.log(rows, rows[rows.length - 1]);
    await run.finish();
  }
  return { sweep, idle: await make('method: grid\nparameters: {a: {values: [1, 2]}}', null) };
}

const looks = [
  { theme: 'light', width: 1440, height: 900 },
  { theme: 'dark', width: 1440, height: 900 },
  { theme: 'light', width: 420, height: 860 },
  { theme: 'dark', width: 420, height: 860 },
];

async function settle(page) {
  await page.waitForLoadState('domcontentloaded');
  await page.waitForTimeout(900);
}

async function shoot(server, browser, run, sweeps, look) {
  const viewport = { width: look.width, height: look.height };
  const page = await signedInPage(browser, server, {
    viewport,
    colorScheme: look.theme,
  });
  const save = async (name, path, act) => {
    if (path !== null) await page.goto(server.address + path);
    await settle(page);
    if (act) await act();
    await page.screenshot({
      path: `${folder}/${name}_${look.theme}_${look.width}.png`,
    });
  };
  const hover = async () => {
    const box = await page.locator('.u-over').nth(1).boundingBox();
    if (box) await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2);
    await page.waitForTimeout(200);
  };
  const project = `/${server.entity}/digits`;
  const tuning = `/${server.entity}/tuning`;
  await save('projects', '/');
  await save('project', project);
  await save('compare', `${project}?smooth=0.9`, async () => {
    await page.locator('.sections').evaluate((element) => element.scrollIntoView());
    await settle(page);
    await hover();
  });
  await save('run', run.path, hover);
  await save('notebook', `${run.path}?jupyter=true`);
  await save('overview', `${run.path}?tab=overview`);
  await save('logs', `${run.path}?tab=logs`);
  await save('files', `${run.path}?tab=files&file=code/train.py`);
  await save('sweep', `${tuning}/sweeps/${sweeps.sweep}`);
  await save('sweep-empty', `${tuning}/sweeps/${sweeps.idle}`);
  await save('sweeps', `${tuning}/sweeps`);
  await save('no-sweeps', `${project}/sweeps`);
  await save('artifact', `${project}/artifacts/model/net/v3`);
  await page.context().close();
}

await mkdir(folder, { recursive: true });
const [server, browser] = await Promise.all([Server.start(), startBrowser()]);
try {
  const runs = [];
  for (let index = 8; index >= 0; index--) runs.push(await logRun(server, index));
  const sweeps = await makeSweeps(server);
  for (const look of looks) await shoot(server, browser, runs[runs.length - 1], sweeps, look);
  console.log(folder);
} finally {
  await browser.close();
  await server.stop();
}
