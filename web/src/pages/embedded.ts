/** Whether this page is a run inside a notebook: `Run.display()` frames it as `?jupyter=true`. */
export const isEmbedded = new URLSearchParams(window.location.search).get('jupyter') === 'true';

/** The page around a frame, as far as the browser tells: "http://localhost:8888", or null. */
export function framingOrigin(): string | null {
  if (window.parent === window) return null;
  try {
    return new URL(document.referrer).origin;
  } catch {
    return null;
  }
}
