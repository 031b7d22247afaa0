import type { Config } from '../config/config.ts'
import type { ConfigFile } from '../config/config-file.ts'
import type { ListenerProtocol, ListenerSpec } from '../config/listener-spec.ts'
import { splitList } from '../config/option.ts'
import { OPTIONS_BY_NAME } from '../config/option-table.ts'
import { hideListSecrets } from '../config/secrets.ts'

const HTTP: readonly ListenerProtocol[] = ['http', 'https', 'https+tcp+sni']
const TCP: readonly ListenerProtocol[] = ['tcp', 'tcp+sni', 'tcp-dynamic', 'https+tcp+sni']
const LONGEST_VALUE = 60

/** What the rules ask about a properties file. */
export class FileView {
  /** What the file means here. */
  readonly config: Config
  readonly #file: ConfigFile

  constructor(file: ConfigFile, config: Config) {
    this.#file = file
    this.config = config
  }

  isSet(option: string): boolean {
    return this.#file.properties.has(option)
  }

  /** As it is written, with `${…}` replaced; the default when the file does not say it. */
  text(option: string): string {
    return this.#file.properties.get(option)?.value ?? OPTIONS_BY_NAME.get(option)?.defaultText ?? ''
  }

  /** The keys of the file, with their lines. */
  *keys(): Generator<readonly [key: string, line: number]> {
    for (const [key, { line }] of this.#file.properties) yield [key, line]
  }

  lineOf(option: string): number | undefined {
    return this.#file.properties.get(option)?.line
  }

  /** `proxy.addr = :80`, without secrets and not longer than a line. */
  shownLine(option: string): string {
    const text = this.text(option)
    const shown = hideSecrets(option, text).replaceAll(/\s+/g, ' ')
    const short = shown.length > LONGEST_VALUE ? `${shown.slice(0, LONGEST_VALUE)}…` : shown
    return `${option} = ${short}`.trimEnd()
  }

  /** The words of metrics.target, as they are written. */
  get metricsTargets(): readonly string[] {
    return splitList(this.text('metrics.target'))
  }

  sendsTo(...targets: readonly string[]): boolean {
    return this.metricsTargets.some(target => targets.includes(target))
  }

  get listeners(): readonly ListenerSpec[] {
    return this.config.proxy.listeners
  }

  get hasHttp(): boolean {
    return this.listeners.some(({ proto }) => HTTP.includes(proto))
  }

  get hasTcp(): boolean {
    return this.listeners.some(({ proto }) => TCP.includes(proto))
  }

  get hasTls(): boolean {
    return this.listeners.some(({ certSource }) => certSource !== undefined)
  }

  get usesConsul(): boolean {
    return this.config.registry.backend === 'consul'
  }

  /** Whether the router registers itself. */
  get isRegistered(): boolean {
    return this.usesConsul && this.config.registry.consul.register.enabled
  }
}

function hideSecrets(name: string, text: string): string {
  const option = OPTIONS_BY_NAME.get(name)
  if (option === undefined) return text
  try {
    return option.type === 'key-value list' ? hideListSecrets(text) : option.hide(text)
  } catch {
    return '…' // a list that cannot be read: what in it is secret cannot be told
  }
}
