/** `14:03:12`, with the date when it was not today. */
export function formatSince(epochMs: number, now: Date = new Date()): string {
  const then = new Date(epochMs)
  const time = then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return then.toDateString() === now.toDateString() ? time : `${then.toLocaleDateString()} ${time}`
}
