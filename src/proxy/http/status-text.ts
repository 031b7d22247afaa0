import { STATUS_CODES } from 'node:http'

/** The registered name of a status, '' for one that has none. */
export function registeredText(status: number): string {
  return STATUS_CODES[status] ?? ''
}

/** The reason phrase of a status, as the original words it: an unregistered one is `status code 299`. */
export function statusText(status: number): string {
  return STATUS_CODES[status] ?? `status code ${status}`
}
