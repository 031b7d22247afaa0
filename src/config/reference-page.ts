import { AUTH_SCHEME_KEYS } from './auth-scheme-spec.ts'
import { BGP_PEER_KEYS } from './bgp-peer-spec.ts'
import { CERT_SOURCE_KEYS } from './cert-source-spec.ts'
import type { KeyDescription } from './key-value-list.ts'
import { LISTENER_KEYS } from './listener-spec.ts'
import type { Option } from './option.ts'
import { OPTION_GROUPS } from './option-table.ts'
import { NEVER_OPTIONS } from './retired-options.ts'

/** The text of docs/configuration.md. */
export function formatReferencePage(): string {
  return [
    INTRODUCTION,
    ...OPTION_GROUPS.map(({ title, options }) => `## ${title}\n\n${optionTable(options)}`),
    `## Listeners: \`proxy.addr\`, \`ui.addr\`\n\n${LISTENERS}\n\n${keyTable(LISTENER_KEYS)}`,
    `## Certificate sources: \`proxy.cs\`\n\n${keyTable(CERT_SOURCE_KEYS)}`,
    `## Authorisation schemes: \`proxy.auth\`\n\n${keyTable(AUTH_SCHEME_KEYS)}`,
    `## BGP peers: \`bgp.peers\`\n\n${keyTable(BGP_PEER_KEYS)}`,
    `## Names that are no options\n\n${neverTable()}`,
  ]
    .join('\n\n')
    .concat('\n')
}

const INTRODUCTION = `# Configuration

This page is made from the tables of \`src/config\`; \`UPDATE=1 node --test test/config/generated-files.test.ts\` writes it.
\`fabio.properties.example\` has the same options as a file.

## Where a value comes from

The first of these wins, option by option:

1. the command line: \`-proxy.addr :80\` or \`-proxy.addr=:80\`
2. the environment variable \`FABIO_PROXY_ADDR\`: the name in any letter case, with \`_\` for \`.\`
3. the environment variable \`PROXY_ADDR\`; not for options marked as ours
4. the properties file that \`-cfg <path or URL>\` names
5. the default

A variable that is set but empty counts. There is no default file, and nothing is read again while running. \`GOMAXPROCS\` in the
environment wins over \`runtime.gomaxprocs\`.

A value of the wrong syntax ends the process if it is on the command line. In the environment or the file it becomes zero, false or
nothing, *not* the default, as it always did in Fabio; a warning says so. Values that Fabio itself refuses end the process.

## The command line

\`-name value\` and \`-name=value\`, with one dash or two. A \`bool\` needs no value: \`-insecure\` means true; \`-insecure=false\` and
\`-insecure false\` switch off. \`-cfg\` works anywhere. Words that belong to no flag are ignored with a warning. \`-v\` prints the
version, \`-help\` all options.

\`-check\` before or behind the other flags starts nothing: it prints everything that is wrong, of every source at once, as
\`FILE:LINE: error: …\` or \`warning: …\`, and ends with 1 when there is an error. Besides the options it looks at certificates, htpasswd files, the
routes of the static and the file registry, formats and templates, and ports that are used twice. What depends on the network, such as names that do not
resolve, is a warning. \`-migrate FILE\` tells what changes for a file of Fabio 1.5.2 or 1.7.3.

## The file

One \`key = value\` a line; \`:\` or a blank will do instead of \`=\`. Lines that begin with \`#\` or \`!\` are comments. A backslash at the
end continues the line, \`\\n\` is a line break, \`\\\\\` a backslash, \`\\u00e9\` a character. \`\${name}\` stands for the value of another key
of the file, else for an environment variable. Keys differ by case; the wrong case is accepted with a warning, unknown keys are
ignored with a warning.

## Types

| type | what may be written |
|---|---|
| bool | \`true\`, \`false\`, \`1\`, \`0\`, \`t\`, \`f\`; not \`yes\` or \`on\` |
| int, uint | \`10\`, \`0x0a\`, \`0o12\`, \`0b1010\`, \`1_000\`; a leading 0 means octal |
| duration | numbers with unit \`ns\`, \`us\`, \`ms\`, \`s\`, \`m\`, \`h\`: \`1.5s\`, \`1h30m\`; without a unit only \`0\` |
| list, floats | separated by commas |
| key-value list | \`value;key=value;key=value,value;…\`: a comma begins the next entry; values with \`,\` or \`;\` stand in quotes |

Addresses may contain templates: \`{{GetPrivateIP}}:9999\`, \`{{GetInterfaceIP "eth1"}}:9998\`,
\`{{GetAllInterfaces | include "network" "10.0.0.0/8" | attr "address"}}:80\`. The functions are those of go-sockaddr; \`if\`, \`and\`, \`or\`,
\`not\`, \`eq\`, \`ne\`, \`len\`, \`print\` and \`printf\` are there too.

In the tables, *since* is the release of Fabio that first had the option: nothing means 1.5.2 or older, *ours* that Fabio does not
have it.`

const LISTENERS = `Separate listeners with commas: \`:80,:443;cs=edge,10.0.0.1:3306;proto=tcp\`. \`ui.addr\` is one listener.`

function optionTable(options: readonly Option<unknown>[]): string {
  const rows = options.map(option => [
    `\`${option.name}\``,
    option.type,
    defaultCell(option),
    option.since,
    meaningCell(option),
  ])
  return table(['option', 'type', 'default', 'since', 'meaning'], rows)
}

function defaultCell({ defaultText, defaultNote }: Option<unknown>): string {
  if (defaultNote !== '') return defaultNote
  return defaultText === '' ? '' : `\`${defaultText}\``
}

function meaningCell({ summary, words, example, flagOnly, later }: Option<unknown>): string {
  const parts = [summary]
  if (words.length > 0) parts.push(`: ${words.map(word => `\`${word}\``).join(', ')}`)
  if (flagOnly) parts.push('; only on the command line')
  if (example !== '') parts.push(`, for instance \`${example}\``)
  if (typeof later === 'string') parts.push(`. **No effect yet:** ${later}`)
  else if (later !== undefined)
    parts.push(`. **No effect yet:** ${[...later.keys()].map(word => `\`${word}\``).join(', ')}`)
  return parts.join('')
}

function keyTable(keys: readonly KeyDescription[]): string {
  const rows = keys.map(({ key, value, defaultText, since, summary }) => [
    key === '' ? '(first)' : `\`${key}\``,
    value,
    defaultText,
    since,
    summary,
  ])
  return table(['key', 'value', 'default', 'since', 'meaning'], rows)
}

function neverTable(): string {
  return table(
    ['name', 'what is true'],
    [...NEVER_OPTIONS].map(([name, note]) => [`\`${name}\``, note]),
  )
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
