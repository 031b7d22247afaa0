// What the data plane and the control plane count with. Names and labels are Fabio's (docs/metrics.md);
// how a name looks in statsd, Prometheus and the rest is the back ends' business.

/** Label names and values in the order Fabio gives them. Values come from outside. */
export type Labels = readonly (readonly [name: string, value: string])[]

export interface Counter {
  add(n: number): void
}

export interface Gauge {
  set(value: number): void
  add(n: number): void
}

export interface Histogram {
  /** Its series has been told the end of: what is still observed does not count. */
  readonly ended: boolean
  /** In seconds. */
  observe(seconds: number): void
}

/**
 * Hands out instruments. Asking again for the same name and labels gives the same instrument, so the data path asks once
 * (when a target is made) and keeps it. With metrics off, the instruments do nothing and cost nothing.
 */
export interface Metrics {
  counter(name: string, labels?: Labels): Counter
  gauge(name: string, labels?: Labels): Gauge
  histogram(name: string, labels?: Labels): Histogram
  /** The target left the table: its series end after what was counted has been sent. */
  forget(labels: Labels): void
}
