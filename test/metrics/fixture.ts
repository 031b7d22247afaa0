import { readFileSync } from 'node:fs'

/** The lines Fabio 1.7.3 sent. */
export function fixtureLines(name: string): string[] {
  return readFileSync(new URL(`fixtures/fabio-1.7.3/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter(line => line !== '')
}

/** The agreed differences of flattened names: a dot behind the prefix, and values that make no level of their own. */
export function agreedName(name: string): string {
  return name.replace(/^web1\.fabio\.?/, 'web1.fabio.').replaceAll('my.Svc', 'my_Svc')
}
