/** The call cannot be answered: what the caller is told, in Consul's words where Consul has some. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number

  constructor(message: string, options: ErrorOptions & { readonly status: number }) {
    super(message, options)
    this.status = options.status
  }
}

/** 400: the caller said something that has no meaning. */
export function badRequest(message: string, options: ErrorOptions = {}): ApiError {
  return new ApiError(message, { ...options, status: 400 })
}

/** 501: Consul can do it, this registry cannot. Said aloud, because a silent no would look like a fault of the caller. */
export function notBuilt(what: string): ApiError {
  return new ApiError(`${what} not part of fabio -dev; start a real registry for that: consul agent -dev`, {
    status: 501,
  })
}
