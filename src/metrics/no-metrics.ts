import type { Counter, Gauge, Histogram, Metrics } from './metrics.ts'

const counter: Counter = { add: () => {} }
const gauge: Gauge = { set: () => {}, add: () => {} }
const histogram: Histogram = { ended: false, observe: () => {} }

/** Metrics switched off: nothing is kept, nothing is allocated. */
export const NO_METRICS: Metrics = {
  counter: () => counter,
  gauge: () => gauge,
  histogram: () => histogram,
  forget: () => {},
}
