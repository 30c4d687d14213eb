/**
 * Exponential moving average with the bias of its start taken out:
 *   s_0 = 0,  s_i = w * s_(i-1) + (1 - w) * y_i,  shown: s_i / (1 - w^i)
 * w in [0, 1) is the slider. Without the division the curve would start near 0. Values that are
 * not finite are passed through and do not enter the average.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const smoothed = new Float64Array(values.length);
  let average = 0;
  let remaining = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isFinite(value)) {
      smoothed[i] = value;
      continue;
    }
    average = weight * average + (1 - weight) * value;
    remaining *= weight;
    smoothed[i] = average / (1 - remaining);
  }
  return smoothed;
}
