import { ConsulError } from '../../consul/consul-error.ts'

/** A list of all checks, as far as it matters here. */
export interface ListedNodes {
  hasNode(name: string): boolean
  readonly isEmpty: boolean
}

export interface AgentPresenceOptions {
  /** The name of our agent's node, from `/v1/agent/self`. */
  readonly nodeName: string
  /** Asks the agent again: it may have been restarted under another name. */
  readonly askNodeName: () => Promise<string>
  /** May our token read this node? Undefined when that cannot be told. */
  readonly mayReadNode: (name: string) => Promise<boolean | undefined>
}

/**
 * Is a list of checks the whole list? In the first moments after its start an agent answers with an empty catalogue, and
 * that is not the news that all services are gone. The check of the agent's own node tells the two apart: Consul makes it
 * when the node joins.
 */
export class AgentPresence {
  readonly #askNodeName: () => Promise<string>
  readonly #mayReadNode: AgentPresenceOptions['mayReadNode']
  #nodeName: string
  #wasSeen = false
  #absentSince: number | undefined

  constructor(options: AgentPresenceOptions) {
    this.#nodeName = options.nodeName
    this.#askNodeName = options.askNodeName
    this.#mayReadNode = options.mayReadNode
  }

  /** Throws a ConsulError of kind `incomplete`; or whatever the questions to the agent throw. `now` in milliseconds of any clock. */
  async confirm(list: ListedNodes, now: number): Promise<void> {
    if (list.hasNode(this.#nodeName)) return this.#found()
    this.#nodeName = await this.#askNodeName()
    if (list.hasNode(this.#nodeName)) return this.#found()
    this.#absentSince ??= now
    // A token that may not read our own node never sees it. Then what it sees has to be believed in the end; but not nothing, and not when it
    // may read it: then the list is not whole, however long it is the same.
    const patienceMs = this.#wasSeen ? PATIENCE_MS : PATIENCE_AT_START_MS
    const isPatient = list.isEmpty || now - this.#absentSince < patienceMs
    if (!isPatient && (await this.#mayReadNode(this.#nodeName)) !== true) return
    throw new ConsulError(`the list lacks the serfHealth check of the agent's own node "${this.#nodeName}"`, {
      kind: 'incomplete',
    })
  }

  #found(): void {
    this.#wasSeen = true
    this.#absentSince = undefined
  }
}

const PATIENCE_MS = 120_000
const PATIENCE_AT_START_MS = 5000
