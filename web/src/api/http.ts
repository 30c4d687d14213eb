/** A request that the server refused, or that never reached it (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The one road to the server. Rejects with ApiError for anything but 2xx. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const method = init.method ?? 'GET';
  if (method !== 'GET' && method !== 'HEAD') headers.set('X-Runstone-Request', '1');
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, credentials: 'same-origin' });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'The server does not answer. Is `runstone server` running?');
  }
  if (!response.ok) throw new ApiError(response.status, await refusal(response));
  return response;
}

export async function postJson(
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  return request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body = JSON.parse(text) as { error?: unknown; message?: unknown; errors?: unknown };
    const first = Array.isArray(body.errors) ? (body.errors[0] as { message?: unknown }) : null;
    const message = first?.message ?? body.message ?? body.error;
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: the text itself is the message, if it is short enough to be one.
  }
  const short = text.trim();
  return short !== '' && short.length < 300 && !short.startsWith('<')
    ? short
    : `The server answered ${response.status} ${response.statusText}`;
}

/** An address of a run's file, each part encoded where it stands. */
export function filePath(runUrlPath: string, name: string): string {
  return `/files/${runUrlPath}/${name.split('/').map(encodeURIComponent).join('/')}`;
}
