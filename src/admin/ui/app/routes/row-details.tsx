import type { PageSettings } from '../../page-settings.ts'
import { CopyButton } from '../copy-button.tsx'
import { Dialog } from '../dialog.tsx'
import { isWebAddress } from './route-row.tsx'
import { formatPercent, type Row } from './row.ts'
import { buildSourceLink } from './source-link.ts'

interface RowDetailsProps {
  readonly row: Row
  readonly source: PageSettings['source']
  readonly onClose: () => void
}

/** Everything about one target, nothing cut off. */
export function RowDetails({ row, source, onClose }: RowDetailsProps) {
  const link = buildSourceLink(row, source, location)
  const command = formatCommand(row)
  return (
    <Dialog title={row.service} onClose={onClose}>
      {row.hasScheme && (
        <p class="notice danger">
          The source starts with a scheme, so no request can match it. A source is <code>host/path</code>: take{' '}
          <code>http://</code> or <code>https://</code> out of the service’s tag.
        </p>
      )}
      <dl class="details">
        <dt>Source</dt>
        <dd class="mono">
          {link === undefined ? (
            row.src
          ) : (
            <a href={link} rel="noreferrer">
              {row.src}
            </a>
          )}
        </dd>
        <dt>Target</dt>
        <dd class="mono">
          {isWebAddress(row.dst) ? (
            <a href={row.dst} rel="noreferrer">
              {row.dst}
            </a>
          ) : (
            row.dst
          )}
        </dd>
        <dt>Weight</dt>
        <dd>{formatPercent(row.weight)} of the requests of this route</dd>
        <dt>Options</dt>
        <dd class="mono">
          {row.opts === '' ? (
            <span class="none">none</span>
          ) : (
            row.opts.split(' ').map(option => <div key={option}>{option}</div>)
          )}
        </dd>
        <dt>Tags</dt>
        <dd>
          {row.tags.length === 0 ? (
            <span class="none">none</span>
          ) : (
            row.tags.map(tag => (
              <span key={tag} class="badge">
                {tag}
              </span>
            ))
          )}
        </dd>
      </dl>
      <h3>As a route command, without its weight</h3>
      <pre class="command">{command}</pre>
      <p class="actions">
        <CopyButton text={() => command} />
      </p>
    </Dialog>
  )
}

function formatCommand({ service, src, dst, tags, opts }: Row): string {
  const tagsPart = tags.length === 0 ? '' : ` tags "${tags.join(',')}"`
  const optsPart = opts === '' ? '' : ` opts "${opts}"`
  return `route add ${service} ${src} ${dst}${tagsPart}${optsPart}`
}
