import { useSignal } from '@preact/signals'
import { copyText } from './copy-text.ts'

const SHOWN_MS = 2000

export function CopyButton({ text, disabled = false }: { readonly text: () => string; readonly disabled?: boolean }) {
  const label = useSignal('Copy')
  const copy = async () => {
    label.value = (await copyText(text())) ? 'Copied' : 'Not copied: select the text instead'
    setTimeout(() => {
      label.value = 'Copy'
    }, SHOWN_MS)
  }
  return (
    <button type="button" disabled={disabled} onClick={copy}>
      <span aria-live="polite">{label}</span>
    </button>
  )
}
