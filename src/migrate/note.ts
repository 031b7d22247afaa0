import type { FileView } from './file-view.ts'

/** One thing that is different for a file. */
export interface Note {
  /** `act`: it is not as before until somebody does something; `look`: it depends on what the file does not say; `know`: nothing to do. */
  readonly urgency: 'act' | 'look' | 'know'
  /** The options it is about; those that the file sets are shown with their lines. */
  readonly options: readonly string[]
  /** How it was. */
  readonly was: string
  /** How it is here. */
  readonly now: string
  /** What to do, as an instruction. */
  readonly todo: string
  /** The line for the file that brings the old behaviour back. */
  readonly line?: string
}

/** Says what is different for the file, if anything is. */
export type Rule = (file: FileView) => Note | undefined
