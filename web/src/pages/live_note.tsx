import type { JSX } from 'react';

import type { Live } from '../api/use_live';

/** Says so when the page has stopped following; silence means that it is live. */
export function LiveNote({ live }: { live: Live | null }): JSX.Element | null {
  if (live?.status !== 'waiting') return null;
  return (
    <span className="live-note" role="status">
      Connection lost, trying again…
    </span>
  );
}
