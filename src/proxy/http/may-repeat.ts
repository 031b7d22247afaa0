import { HEADER } from '../../wire/header-names.ts'
import type { Http1Head } from '../../wire/http1-head.ts'

/** What may be asked again when the first asking got lost (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** May this request be done twice? Others can say so of themselves. */
export function mayRepeat(head: Http1Head): boolean {
  return (
    IDEMPOTENT.has(head.method) || head.find(HEADER.idempotencyKey) !== -1 || head.find(HEADER.xIdempotencyKey) !== -1
  )
}
