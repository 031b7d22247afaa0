import { whereText } from '../config/config-error.ts'
import { inspectFile } from '../config/load.ts'
import { FileView } from './file-view.ts'
import { formatMigration, type Layout } from './format-migration.ts'
import { RULES_FROM_152 } from './from-152.ts'
import { RULES_FROM_173 } from './from-173.ts'
import { METRICS_RULES_FROM_173 } from './from-173-metrics.ts'
import { REGISTRY_RULES_FROM_173 } from './from-173-registry.ts'
import type { Note, Rule } from './note.ts'

export interface MigrateOptions {
  /** Path or URL of the properties file. */
  readonly path: string
  /** For `${NAME}` in the file. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly layout: Layout
}

export interface MigrationReport {
  readonly text: string
  /** The router would start with the file. */
  readonly isLoadable: boolean
}

/**
 * `-migrate`: which lines of a file of Fabio mean something else here, and which defaults are others.
 * @throws ConfigError when the file cannot be read
 */
export async function explainMigration({ path, env, layout }: MigrateOptions): Promise<MigrationReport> {
  const inspection = await inspectFile(path, env)
  const file = new FileView(inspection.file, inspection.config)
  const notesOf = (rules: readonly Rule[]) =>
    byUrgency(rules.map(rule => rule(file)).filter(note => note !== undefined))
  const migration = {
    file,
    fileName: inspection.file.name,
    from152: notesOf(RULES_FROM_152),
    from173: notesOf([...RULES_FROM_173, ...REGISTRY_RULES_FROM_173, ...METRICS_RULES_FROM_173]),
    errors: inspection.errors.map(({ message }) => message),
    warnings: inspection.warnings.map(({ text, where }) => text + whereText(where)),
  }
  return { text: formatMigration(migration, layout), isLoadable: inspection.errors.length === 0 }
}

const ORDER: Readonly<Record<Note['urgency'], number>> = { act: 0, look: 1, know: 2 }

function byUrgency(notes: readonly Note[]): readonly Note[] {
  return notes.toSorted((a, b) => ORDER[a.urgency] - ORDER[b.urgency])
}
