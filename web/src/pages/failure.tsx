import type { JSX } from 'react';

import { ApiError } from '../api/http';
import { ErrorNotice } from '../components/notice';

/** A failed read in a page's place. 401 is the shell's to show, for the whole window. */
export function Failure({ error, onRetry }: { error: Error; onRetry: () => void }): JSX.Element {
  const status = error instanceof ApiError ? error.status : -1;
  const title =
    status === 404
      ? 'Not found'
      : status === 0
        ? 'The server is not there'
        : 'This could not be read';
  return <ErrorNotice title={title} message={error.message} onRetry={onRetry} />;
}
