import { oneLine } from './one-line.ts'

/** What reading the configuration has to tell, in order, each one line. It does not log: there is no log before there is a configuration. */
export class Notes {
  readonly warnings: string[] = []
  readonly infos: string[] = []

  warn(text: string): void {
    this.warnings.push(oneLine(text))
  }

  inform(text: string): void {
    this.infos.push(oneLine(text))
  }
}
