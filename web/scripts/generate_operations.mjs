// Turns src/api/operations.graphql into typed documents. `--check` only says whether the file that
// is there is up to date.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import {
  Kind,
  buildSchema,
  getNamedType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  print,
  typeFromAST,
  validate,
} from 'graphql';
import { format, resolveConfig } from 'prettier';

const at = (path) => new URL(path, import.meta.url);
const target = at('../src/api/operations_generated.ts');
const schemaFiles = (await readdir(at('../../schemas/'))).filter((name) =>
  name.endsWith('.graphql'),
);
const schemaTexts = schemaFiles.map((name) => readFile(at(`../../schemas/${name}`), 'utf8'));
const schema = buildSchema((await Promise.all(schemaTexts)).join('\n'));
const documents = parse(await readFile(at('../src/api/operations.graphql'), 'utf8'));

const scalars = {
  String: 'string',
  ID: 'string',
  JSONString: 'string',
  DateTime: 'string',
  Int: 'number',
  Float: 'number',
  // Whole numbers of 64 bits come as JSON numbers or, from some servers, as text.
  Int64: 'number | string',
  Boolean: 'boolean',
  JSON: 'unknown',
};

const fragments = new Map(
  documents.definitions
    .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
    .map((fragment) => [fragment.name.value, fragment]),
);
const operations = documents.definitions.filter(
  (definition) => definition.kind === Kind.OPERATION_DEFINITION,
);

/** `string`, `(Item | null)[] | null`: a GraphQL type around the TypeScript of its named type. */
function wrapped(type, inner) {
  if (isNonNullType(type)) return bare(type.ofType, inner);
  return `${bare(type, inner)} | null`;
}

function bare(type, inner) {
  return isListType(type) ? `(${wrapped(type.ofType, inner)})[]` : inner;
}

function scalarType(type) {
  if (isEnumType(type)) {
    return type
      .getValues()
      .map((value) => `'${value.name}'`)
      .join(' | ');
  }
  const name = scalars[type.name];
  if (!name) throw new Error(`no TypeScript type for ${type.name}`);
  return name;
}

function fieldType(field, selection) {
  const named = getNamedType(field.type);
  const inner = isObjectType(named)
    ? objectType(named, selection.selectionSet)
    : `(${scalarType(named)})`;
  return wrapped(field.type, inner);
}

function objectType(type, { selections }) {
  const members = selections.map((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return null;
    const name = (selection.alias ?? selection.name).value;
    return `${name}: ${fieldType(type.getFields()[selection.name.value], selection)};`;
  });
  const spreads = selections
    .filter(({ kind }) => kind === Kind.FRAGMENT_SPREAD)
    .map(({ name }) => name.value);
  return [`{ ${members.filter(Boolean).join(' ')} }`, ...spreads].join(' & ');
}

function variablesType(operation) {
  const members = operation.variableDefinitions.map((variable) => {
    const type = typeFromAST(schema, variable.type);
    const text = wrapped(type, `(${scalarType(getNamedType(type))})`);
    return `${variable.variable.name.value}${isNonNullType(type) ? '' : '?'}: ${text};`;
  });
  return members.length === 0 ? 'Record<string, never>' : `{ ${members.join(' ')} }`;
}

function usedFragments(node, found = new Set()) {
  for (const selection of node.selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      found.add(selection.name.value);
      usedFragments(fragments.get(selection.name.value), found);
    } else usedFragments(selection, found);
  }
  return found;
}

function operationText(operation) {
  const name = operation.name.value;
  const root = operation.operation === 'query' ? schema.getQueryType() : schema.getMutationType();
  const parts = [operation, ...[...usedFragments(operation)].map((n) => fragments.get(n))];
  const constant = name[0].toLowerCase() + name.slice(1) + 'Document';
  return `
    export type ${name}Data = ${objectType(root, operation.selectionSet)};
    export type ${name}Variables = ${variablesType(operation)};
    export const ${constant} = \`${parts.map(print).join('\n')}\` as Document<${name}Data, ${name}Variables>;`;
}

const problems = validate(schema, documents);
if (problems.length > 0) {
  for (const problem of problems) console.error(String(problem));
  process.exit(1);
}
const text = `// Written by scripts/generate_operations.mjs from operations.graphql and the schema.

/** The text of an operation; the types are of its answer and of its variables. */
export type Document<Data, Variables> = string & { readonly types?: [Data, Variables] };
${[...fragments.values()]
  .map(
    (fragment) =>
      `export type ${fragment.name.value} = ${objectType(
        schema.getType(fragment.typeCondition.name.value),
        fragment.selectionSet,
      )};`,
  )
  .join('\n')}
${operations.map(operationText).join('\n')}
`;
const options = await resolveConfig(target.pathname);
const formatted = await format(text, { ...options, parser: 'typescript' });
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== formatted) {
    console.error('src/api/operations_generated.ts is out of date: npm run generate');
    process.exit(1);
  }
} else {
  await writeFile(target, formatted);
}
