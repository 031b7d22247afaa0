/** What the flags of -explain and -lint say, by name without the dash, in their order. */
export type ToolFlags = ReadonlyMap<string, readonly string[]>

export interface ToolFlag {
  readonly name: string
  readonly summary: string
}

/** Flags that ask for an answer instead of a running router. They are no options: no file and no variable has them. */
export const TOOL_FLAGS: readonly ToolFlag[] = [
  { name: 'explain', summary: 'URL: says where such a request would go, and why, and ends' },
  { name: 'explain.at', summary: 'UI address of a running router to ask, instead of the configured routes' },
  { name: 'explain.client', summary: 'address of the client that is asked about (default 127.0.0.1)' },
  { name: 'explain.header', summary: 'a header of the request, "Name: value"; may be given several times' },
  { name: 'explain.method', summary: 'method of the request (default GET)' },
  {
    name: 'lint',
    summary: 'file with tags, route commands, a Consul service definition or a Nomad job: says what is wrong, and ends',
  },
  { name: 'lint.against', summary: 'UI address of a running router, to find what would get in the way of its table' },
  { name: 'lint.format', summary: 'text or json (default text)' },
]

export const TOOL_FLAG_NAMES: ReadonlySet<string> = new Set(TOOL_FLAGS.map(({ name }) => name))
