/**
 * Where a notebook at `origin` is at home if it is to share this page's session: browsers pass
 * cookies on only between pages of one host name. Null if it is there already, or unknown.
 */
export function sameHostOrigin(origin: string | null, hostname: string): string | null {
  if (origin === null) return null;
  const url = new URL(origin);
  if (url.hostname === hostname) return null;
  url.hostname = hostname;
  return url.origin;
}
