import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { JSX, ReactNode } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

interface Theme {
  choice: ThemeChoice;
  isDark: boolean;
  choose: (choice: ThemeChoice) => void;
}

const storageKey = 'runstone.theme';
const ThemeContext = createContext<Theme | null>(null);
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

/** Null where the browser denies storage: in a frame of another site, or by the user's wish. */
function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function storedChoice(): ThemeChoice {
  const stored = storage()?.getItem(storageKey);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function ThemeProvider({ children }: { children: ReactNode }): JSX.Element {
  const [choice, setChoice] = useState<ThemeChoice>(storedChoice);
  const [isSystemDark, setSystemDark] = useState(systemDark.matches);
  useEffect(() => {
    const follow = (): void => setSystemDark(systemDark.matches);
    systemDark.addEventListener('change', follow);
    return () => systemDark.removeEventListener('change', follow);
  }, []);
  useEffect(() => {
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
  }, [choice]);
  const choose = useCallback((next: ThemeChoice) => {
    storage()?.setItem(storageKey, next);
    setChoice(next);
  }, []);
  const isDark = choice === 'system' ? isSystemDark : choice === 'dark';
  const theme = useMemo(() => ({ choice, isDark, choose }), [choice, isDark, choose]);
  return <ThemeContext value={theme}>{children}</ThemeContext>;
}

export function useTheme(): Theme {
  const theme = useContext(ThemeContext);
  if (!theme) throw new Error('useTheme needs a ThemeProvider around it');
  return theme;
}
