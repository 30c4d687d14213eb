import { useParams } from '@tanstack/react-router';
import type { JSX } from 'react';

import { EntityProjects } from './projects_page';

/** The projects of a user or a team. */
export function EntityPage(): JSX.Element {
  const { entity } = useParams({ from: '/$entity' });
  return (
    <main className="page page-narrow">
      <header className="page-head">
        <h1>{entity}</h1>
      </header>
      <EntityProjects entity={entity} search="" isAlone={false} isNamed />
    </main>
  );
}
