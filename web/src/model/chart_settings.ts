/** How charts are drawn; kept in the address, so that a link shows the same picture. */
export interface ChartSettings {
  /** `auto`, `_step`, `_runtime`, `_timestamp`, or a metric's path. */
  x: string;
  /** Weight of the moving average, 0 (off) to 0.99. */
  smoothing: number;
  isLog: boolean;
  /** Show only metrics that match. */
  search: string;
}

export const defaultChartSettings: ChartSettings = {
  x: 'auto',
  smoothing: 0,
  isLog: false,
  search: '',
};

export interface ChartSearch {
  x?: string;
  smooth?: string;
  log?: string;
  metrics?: string;
}

export function readChartSettings(search: ChartSearch): ChartSettings {
  const smoothing = Number(search.smooth ?? 0);
  return {
    x: search.x ?? 'auto',
    smoothing: smoothing > 0 && smoothing < 1 ? smoothing : 0,
    isLog: search.log === '1',
    search: search.metrics ?? '',
  };
}

export function writeChartSettings(settings: ChartSettings): ChartSearch {
  const search: ChartSearch = {};
  if (settings.x !== 'auto') search.x = settings.x;
  if (settings.smoothing > 0) search.smooth = String(settings.smoothing);
  if (settings.isLog) search.log = '1';
  if (settings.search !== '') search.metrics = settings.search;
  return search;
}
