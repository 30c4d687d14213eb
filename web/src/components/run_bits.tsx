import type { JSX } from 'react';

import { isLive, type RunState } from '../model/run';

/** A run's state as a word with a dot; the dot of a running one breathes. */
export function StateBadge({ state }: { state: RunState }): JSX.Element {
  return (
    <span className={`state state-${state}`} data-state={state}>
      <span className={isLive(state) ? 'state-dot state-dot-live' : 'state-dot'} />
      {state}
    </span>
  );
}

export function Tag({ name, onRemove }: { name: string; onRemove?: () => void }): JSX.Element {
  return (
    <span className="tag">
      {name}
      {onRemove && (
        <button className="tag-remove" aria-label={`Remove tag ${name}`} onClick={onRemove}>
          ×
        </button>
      )}
    </span>
  );
}
