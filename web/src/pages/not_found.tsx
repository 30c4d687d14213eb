import { Link } from '@tanstack/react-router';
import type { JSX } from 'react';

import { EmptyNotice } from '../components/notice';

export function NotFound(): JSX.Element {
  return (
    <main className="page">
      <EmptyNotice title="There is no such page">
        <p className="quiet">
          <Link to="/">All projects</Link>
        </p>
      </EmptyNotice>
    </main>
  );
}
