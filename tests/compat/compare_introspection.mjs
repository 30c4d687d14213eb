// Compares the served schema with schemas/*.graphql by the means of graphql-js. `query` prints the
// introspection query to send, `compare FILE` reads its answer.
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const {buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema, validateSchema} =
  await import(join(root, 'web', 'node_modules', 'graphql', 'index.mjs'));

if (process.argv[2] === 'query') {
  process.stdout.write(getIntrospectionQuery({schemaDescription: true, specifiedByUrl: true, inputValueDeprecation: true}));
} else {
  const folder = join(root, 'schemas');
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  const text = files.sort().map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const answer = JSON.parse(readFileSync(process.argv[3], 'utf8'));
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  const served = buildClientSchema(answer.data);
  const problems = validateSchema(served);
  if (problems.length > 0) throw new Error(problems.map(String).join('\n'));
  const lines = (schema) => printSchema(lexicographicSortSchema(schema)).split('\n');
  const [ours, written] = [lines(served), lines(buildSchema(text))];
  const differ = ours.findIndex((line, at) => line !== written[at]);
  if (differ !== -1 || ours.length !== written.length) {
    const at = differ === -1 ? ours.length : differ;
    throw new Error(`line ${at + 1}: served ${ours[at]}, written ${written[at]}`);
  }
  console.log(`${ours.length} lines of schema are the same`);
}
