import { expect, it } from 'vitest';

import { placeOf } from './place';

const none = new URLSearchParams();

it('reads a version, a type and all artifacts of a project', () => {
  const version = placeOf(['alice', 'digits', 'artifacts', 'model', 'net', 'v3'], none);
  expect(version.title).toBe('net:v3');
  expect(version.code).toContain('api.artifact("alice/digits/net:v3")');
  expect(placeOf(['alice', 'digits', 'artifacts', 'model'], none).code).toContain('"model"');
  expect(placeOf(['alice', 'digits', 'artifacts'], none).title).toBe('Artifacts of alice/digits');
});

it('reads a registry and a version in it', () => {
  expect(placeOf(['orgs', 'acme', 'registry', 'model'], none).code).toContain(
    'api.registry("model", "acme")',
  );
  const search = new URLSearchParams(
    'selectionPath=acme/wandb-registry-model/zoo&view=membership&version=v1',
  );
  const version = placeOf(['orgs', 'acme', 'registry', 'model'], search);
  expect(version.title).toBe('zoo:v1');
  expect(version.code).toContain('api.artifact("acme/wandb-registry-model/zoo:v1")');
  expect(placeOf(['alice', 'registry', 'model'], none).kind).toBe('registry');
});

it('reads a report', () => {
  const report = placeOf(['alice', 'digits', 'reports', 'What-we-found--VmlldzoxMg'], none);
  expect(report).toMatchObject({ kind: 'report', title: 'What we found' });
});
