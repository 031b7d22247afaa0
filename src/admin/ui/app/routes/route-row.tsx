import type { PageSettings } from '../../page-settings.ts'
import { formatPercent, type Row } from './row.ts'
import { buildSourceLink } from './source-link.ts'

const SCHEME_MISTAKE =
  'A source is host/path. No request matches one that starts with http:// or https://; take that out of the tag.'

interface RouteRowProps {
  readonly row: Row
  readonly index: number
  /** The row before; it may be another target of the same route. */
  readonly previous: Row | undefined
  readonly isTouched: boolean
  /** The tab key stops at the button and the links of one row only: a table may have thousands. */
  readonly isTabStop: boolean
  readonly source: PageSettings['source']
}

/** One target. Line and column are fixed in size: what does not fit is cut off here and whole in the row's details. */
export function RouteRow({ row, index, previous, isTouched, isTabStop, source }: RouteRowProps) {
  const tabIndex = isTabStop ? 0 : -1
  const link = buildSourceLink(row, source, location)
  return (
    <tr class={classesOf(row, previous, isTouched)} aria-rowindex={index + 2}>
      <td class="number">{row.number}</td>
      <td class="service" title={row.service}>
        <button type="button" class="open" tabIndex={tabIndex} aria-haspopup="dialog">
          {row.service}
        </button>
      </td>
      <td class="src" title={row.src}>
        {row.hasScheme && (
          <span class="badge danger" role="img" aria-label={SCHEME_MISTAKE} title={SCHEME_MISTAKE}>
            !
          </span>
        )}
        {link === undefined ? row.src : <Link href={link} text={row.src} newTab={source.newTab} tabIndex={tabIndex} />}
      </td>
      <td class="dst" title={row.dst}>
        {isWebAddress(row.dst) ? <Link href={row.dst} text={row.dst} newTab={false} tabIndex={tabIndex} /> : row.dst}
      </td>
      <td class="opts" title={row.opts}>
        {row.opts}
      </td>
      <td class="weight">
        <span class="share" aria-hidden="true">
          <span style={{ width: `${Math.min(100, row.weight * 100)}%` }} />
        </span>
        <span class="percent">{formatPercent(row.weight)}</span>
      </td>
      <td class="tags" title={row.tags.join(', ')}>
        {row.tags.map(tag => (
          <span key={tag} class="badge">
            {tag}
          </span>
        ))}
      </td>
    </tr>
  )
}

/** Only these become links: a target may have any scheme. */
export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url)
}

function classesOf(row: Row, previous: Row | undefined, isTouched: boolean): string {
  const isContinued = previous?.src === row.src
  const classes: string[] = []
  if (isContinued) classes.push('continued')
  if (isContinued && previous?.service === row.service) classes.push('repeated')
  if (isTouched) classes.push('touched')
  if (row.hasScheme) classes.push('wrong')
  return classes.join(' ')
}

interface LinkProps {
  readonly href: string
  readonly text: string
  readonly newTab: boolean
  readonly tabIndex: number
}

function Link({ href, text, newTab, tabIndex }: LinkProps) {
  return (
    <a href={href} tabIndex={tabIndex} rel="noreferrer" {...(newTab ? { target: '_blank' } : {})}>
      {text}
    </a>
  )
}
