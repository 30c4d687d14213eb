import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ApiError } from '../api/http';

type Listener = () => void;

let isSignedOut = false;
const listeners = new Set<Listener>();

function note(error: Error): void {
  if (!(error instanceof ApiError) || error.status !== 401 || isSignedOut) return;
  isSignedOut = true;
  for (const listener of listeners) listener();
}

/** For useSyncExternalStore: whether any request was answered 401. */
export const session = {
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isSignedOut: (): boolean => isSignedOut,
};

/** Changes arrive as events, so nothing is read again just because time has passed. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: note }),
  mutationCache: new MutationCache({ onError: note }),
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiError) || error.status >= 500 || error.status === 0),
    },
  },
});
