/** What an address of the stock client names that has no page here, and how to read it. */
export interface Place {
  kind: 'artifact' | 'artifacts' | 'report' | 'registry';
  title: string;
  code: string;
}

const start = 'import wandb\n\napi = wandb.Api()\n';

/** From the labels of the address behind the server's name, and its search parameters. */
export function placeOf(labels: readonly string[], search: URLSearchParams): Place {
  const [first = '', second = '', third = ''] = labels;
  if (second === 'registry' || third === 'registry') {
    const inner = second === 'registry' ? labels.slice(2) : labels.slice(3);
    return registryPlace(second === 'registry' ? first : second, inner[0] ?? '', search);
  }
  const path = `${first}/${second}`;
  if (third === 'reports') {
    return {
      kind: 'report',
      title: reportTitle(labels[3] ?? ''),
      code: `import wandb_workspaces.reports.v2 as reports\n\nreport = reports.Report.from_url("${labels.join('/')}")\nprint(report.title, report.blocks)`,
    };
  }
  const [type, collection, version] = labels.slice(3);
  if (type === undefined) {
    return {
      kind: 'artifacts',
      title: `Artifacts of ${path}`,
      code: `${start}for kind in api.artifact_types("${path}"):\n    print(kind.name, [c.name for c in kind.collections()])`,
    };
  }
  if (collection === undefined) {
    return {
      kind: 'artifacts',
      title: type,
      code: `${start}for found in api.artifact_collections("${path}", "${type}"):\n    print(found.name)`,
    };
  }
  const name = `${collection}:${version ?? 'latest'}`;
  return {
    kind: 'artifact',
    title: name,
    code: `${start}artifact = api.artifact("${path}/${name}")\nprint(artifact.metadata, artifact.aliases)\nfolder = artifact.download()`,
  };
}

function registryPlace(organization: string, registry: string, search: URLSearchParams): Place {
  const collection = (search.get('selectionPath') ?? '').split('/').pop() ?? '';
  if (collection === '') {
    return {
      kind: 'registry',
      title: registry,
      code: `${start}registry = api.registry("${registry}", "${organization}")\nprint([c.name for c in registry.collections()])`,
    };
  }
  const name = `${collection}:${search.get('version') ?? 'latest'}`;
  const path = search.get('selectionPath') ?? '';
  return {
    kind: 'artifact',
    title: name,
    code: `${start}artifact = api.artifact("${path}:${search.get('version') ?? 'latest'}")\nfolder = artifact.download()`,
  };
}

/** `My-report--VmlldzoxMg` without its id. */
function reportTitle(label: string): string {
  return label.split('--')[0]?.replaceAll('-', ' ') || 'Reports';
}
