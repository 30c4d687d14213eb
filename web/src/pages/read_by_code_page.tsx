import { useLocation } from '@tanstack/react-router';
import type { JSX } from 'react';

import { CodeBlock } from '../components/code_block';
import { EmptyNotice } from '../components/notice';
import { placeOf, type Place } from '../model/place';

const whatItIs: Record<Place['kind'], string> = {
  artifact: 'A version of an artifact.',
  artifacts: 'Artifacts.',
  report: 'A report.',
  registry: 'A registry.',
};

/** For addresses whose things are kept and read by code, and have no page yet. */
export function ReadByCodePage(): JSX.Element {
  const location = useLocation();
  const labels = location.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const place = placeOf(labels, new URLSearchParams(location.searchStr));
  return (
    <main className="page page-narrow">
      <EmptyNotice title={place.title}>
        <p className="quiet">{whatItIs[place.kind]} It has no page here yet; read it with</p>
        <CodeBlock code={place.code} />
      </EmptyNotice>
    </main>
  );
}
