import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Api, describeError } from '../api.ts'
import { CopyButton } from '../copy-button.tsx'
import { Dialog } from '../dialog.tsx'
import { ScrollBox } from '../scroll-box.tsx'

/** More lines than that make a browser slow; copy and download give all. */
const MAX_LINES = 5000

export function RawView({ api, onClose }: { readonly api: Api; readonly onClose: () => void }) {
  const text = useSignal<string | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  useEffect(() => {
    api.raw().then(
      raw => {
        text.value = raw.trimEnd()
      },
      cause => {
        error.value = describeError(cause)
      },
    )
  }, [api, text, error])

  const lines = text.value === undefined || text.value === '' ? [] : text.value.split('\n')
  return (
    <Dialog title="Routing table as route commands" wide onClose={onClose}>
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      <p class="actions">
        <CopyButton text={() => text.value ?? ''} disabled={text.value === undefined} />
        <a class="button" href={api.rawUrl} download="routes.txt">
          Download
        </a>
        <span class="muted">
          {text.value === undefined
            ? 'Loading…'
            : `${lines.length.toLocaleString()} ${lines.length === 1 ? 'line' : 'lines'}`}
          {lines.length > MAX_LINES && `, the first ${MAX_LINES.toLocaleString()} are shown`}
        </span>
      </p>
      <ScrollBox label="Route commands" class="raw">
        <pre>
          {lines.length === 0 && text.value !== undefined
            ? '# the table is empty'
            : lines.slice(0, MAX_LINES).join('\n')}
        </pre>
      </ScrollBox>
    </Dialog>
  )
}
