import type { JSX } from 'react';

import type { SweepState } from '../model/sweep';

/** A sweep's state in the colours of a run's. */
const likeRuns: Record<SweepState, string> = {
  PENDING: 'pending',
  RUNNING: 'running',
  PAUSED: 'preempted',
  FINISHED: 'finished',
  CANCELED: 'killed',
};

export function SweepBadge({ state }: { state: SweepState }): JSX.Element {
  const isLive = state === 'RUNNING';
  return (
    <span className={`state state-${likeRuns[state]}`} data-state={state}>
      <span className={isLive ? 'state-dot state-dot-live' : 'state-dot'} />
      {state.toLowerCase()}
    </span>
  );
}
