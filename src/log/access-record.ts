/**
 * What the access log may ask about one proxied request. The proxy keeps these values anyway; nothing here is to be made for
 * the log alone, which is why headers are a function.
 *
 * Texts from the wire are kept as they came, one character a byte (latin1); the log writes the same bytes. What is not known,
 * for example the upstream of a request that was answered here, is ''.
 */
export interface AccessRecord {
  /** Address of the client, `ip:port`, IPv6 in brackets. */
  readonly remoteAddr: string
  readonly method: string
  /** As received, not normalised. */
  readonly requestTarget: string
  /** As received, `HTTP/1.1`. */
  readonly proto: string
  /** The scheme the client used, as far as the headers it sent tell (docs: derived protocol). */
  readonly requestScheme: string
  /** As received. */
  readonly originalHost: string
  /** After the `host` option of the route. */
  readonly requestHost: string
  /** Normalised and percent-encoded. */
  readonly requestPath: string
  /** As received, without the question mark. */
  readonly requestQuery: string
  /** The status that was sent. */
  readonly status: number
  /** Bytes of the body that were sent, after compression. */
  readonly bodyBytes: number
  /** When the answer was complete: milliseconds since the epoch, with a fraction if the clock has one. */
  readonly endMs: number
  /** How long the upstream part took: nanoseconds. */
  readonly durationNs: number
  /** Host and port of the target, or the host alone. */
  readonly upstreamAddr: string
  readonly upstreamScheme: string
  /** Percent-encoded. */
  readonly upstreamPath: string
  /** Without the question mark. */
  readonly upstreamQuery: string
  /** Name of the service of the route. Not from the wire: any text. */
  readonly upstreamService: string
  /** First value of a header of the request as it went upstream; the name is in lower case. */
  header(name: string): string | undefined
}
