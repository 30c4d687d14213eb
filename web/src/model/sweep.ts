export type SweepState = 'PENDING' | 'RUNNING' | 'PAUSED' | 'FINISHED' | 'CANCELED';

/** A search over parameters. Times are milliseconds since 1970. */
export interface Sweep {
  /** The server's opaque id, for mutations. */
  id: string;
  /** The id in addresses; unique in the project. */
  name: string;
  title: string;
  description: string | null;
  method: string;
  state: SweepState;
  createdAtMs: number;
  /** The best value of its metric so far. */
  best: number | null;
  runCount: number;
  /** Null if it has no end of its own. */
  runCountExpected: number | null;
  username: string | null;
}

export interface SweepMove {
  label: string;
  to: SweepState;
  /** What it does, for those who hesitate. */
  title: string;
}

const pause = { label: 'Pause', to: 'PAUSED', title: 'Live runs go on, agents get no new ones' };
const resume = { label: 'Resume', to: 'RUNNING', title: 'Agents get runs again' };
const stop = {
  label: 'Stop',
  to: 'FINISHED',
  title: 'Live runs go on to their end, then agents exit',
};
const cancel = { label: 'Cancel', to: 'CANCELED', title: 'Live runs are killed and agents exit' };

/** What can be done with a sweep in that state, as `wandb sweep --pause ...` does it. */
export function movesOf(state: SweepState): readonly SweepMove[] {
  const moves = {
    PENDING: [pause, stop, cancel],
    RUNNING: [pause, stop, cancel],
    PAUSED: [resume, stop, cancel],
    FINISHED: [],
    CANCELED: [],
  } as const;
  return moves[state] as readonly SweepMove[];
}

/** The metric of a configuration in YAML, as far as it is written in one of the two usual ways. */
export function metricOf(config: string): string | null {
  const flow = /^metric\s*:\s*\{([^}]*)\}/m.exec(config)?.[1];
  const block = /^metric\s*:\s*\n((?:[ \t]+.*\n?)+)/m.exec(config)?.[1];
  const name = /(?:^|[\s,{])['"]?name['"]?\s*:\s*("[^"]*"|'[^']*'|[^\s,}]+)/m.exec(
    flow ?? block ?? '',
  )?.[1];
  return name ? name.replace(/^["']|["']$/g, '') : null;
}
