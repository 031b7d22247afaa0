import { ConfigError, type Refuse, throwError, type Where, whereText } from './config-error.ts'
import { oneLine } from './one-line.ts'

/** Something that reading the configuration has to tell, one line. */
export interface Note {
  /** Without the place. */
  readonly text: string
  readonly where: Where
}

/** What reading the configuration has to tell, in order. It does not log: there is no log before there is a configuration. */
export class Notes {
  readonly warned: Note[] = []
  readonly infos: string[] = []
  /** For what cannot be used. It may return; the value that is used then is as good as any, for nothing will start with it. */
  readonly refuse: Refuse

  constructor(refuse: Refuse = throwError) {
    this.refuse = refuse
  }

  get warnings(): readonly string[] {
    return this.warned.map(({ text, where }) => text + whereText(where))
  }

  warn(text: string, where: Where = {}): void {
    this.warned.push({ text: oneLine(text), where })
  }

  inform(text: string): void {
    this.infos.push(oneLine(text))
  }

  /** What `parse` returns; `otherwise` when what it throws was kept. */
  attempt<T>(where: Where, otherwise: T, parse: () => T): T {
    try {
      return parse()
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause
      this.refuse(cause.at(where))
      return otherwise
    }
  }
}
