import { useCallback, useEffect, useRef, useState } from 'react';

/**
 * Whether the element is in the window or near it. Returns a ref callback, so that it works for
 * elements that come and go.
 */
export function useIsVisible(marginPx: number): [(element: Element | null) => void, boolean] {
  const [isVisible, setVisible] = useState(false);
  const observer = useRef<IntersectionObserver | null>(null);
  const attach = useCallback(
    (element: Element | null) => {
      observer.current?.disconnect();
      observer.current = null;
      if (!element) return;
      observer.current = new IntersectionObserver(
        (entries) => setVisible(entries[entries.length - 1]?.isIntersecting ?? false),
        { rootMargin: `${marginPx}px 0px` },
      );
      observer.current.observe(element);
    },
    [marginPx],
  );
  return [attach, isVisible];
}

/** The element's width in CSS pixels, 0 before it is measured. */
export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | null>(null);
  const attach = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    observer.current = null;
    if (!element) return;
    setWidth(element.clientWidth);
    observer.current = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.current.observe(element);
  }, []);
  return [attach, width];
}

/** The present time, renewed every `everyMs`, so that "2m ago" does not stand still. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The value as it was when it last stayed the same for `delayMs`. */
export function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
