import type { Link } from './link.ts'

/** What a tunnel needs of each of its two ends. */
export type TunnelEnd = Pick<
  Link,
  'user' | 'isFull' | 'pendingBytes' | 'write' | 'writePiece' | 'keepBytes' | 'pause' | 'resume' | 'finish' | 'destroy'
>
