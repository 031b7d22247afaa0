import type { Exchange } from './exchange.ts'

let waiting: Exchange[] = []

/**
 * Hands out what was sent of an answer when the event loop comes round: by then its body has begun, and has taken the head along, or it
 * takes its time.
 */
export function flushLater(exchange: Exchange): void {
  if (waiting.length === 0) setImmediate(flushAll)
  waiting.push(exchange)
}

function flushAll(): void {
  const exchanges = waiting
  waiting = []
  for (const exchange of exchanges) if (!exchange.isOver) exchange.downstream.flush()
}
