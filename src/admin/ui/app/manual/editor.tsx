import { useRef } from 'preact/hooks'
import type { Rejection } from '../answers.ts'

interface EditorProps {
  readonly label: string
  readonly text: string
  readonly rejections: readonly Rejection[]
  readonly disabled: boolean
  readonly onInput: (text: string) => void
  readonly onSave: () => void
}

/** A text field with line numbers. Lines do not wrap, so that a number stands beside its line. */
export function Editor({ label, text, rejections, disabled, onInput, onSave }: EditorProps) {
  const numbers = useRef<HTMLDivElement>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  const goTo = ({ line, column }: Rejection) => {
    const lines = text.split('\n')
    const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1
    area.current?.focus()
    area.current?.setSelectionRange(at, at)
  }
  return (
    <>
      <div class="editor">
        <div ref={numbers} class="numbers" aria-hidden="true">
          <LineNumbers count={text.split('\n').length} wrong={new Set(rejections.map(({ line }) => line))} />
        </div>
        <textarea
          ref={area}
          aria-label={label}
          aria-describedby="editor-mistakes"
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          disabled={disabled}
          value={text}
          onInput={event => onInput(event.currentTarget.value)}
          onScroll={event => {
            if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop
          }}
          onKeyDown={event => {
            if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            onSave()
          }}
        />
      </div>
      <div id="editor-mistakes" aria-live="polite">
        {rejections.length > 0 && (
          <ul class="mistakes">
            {rejections.map(rejection => (
              <li key={`${rejection.line}:${rejection.column}`}>
                <button type="button" class="link" onClick={() => goTo(rejection)}>
                  Line {rejection.line}, column {rejection.column}
                </button>
                : {rejection.reason}. Expected: <code>{rejection.expected}</code>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  )
}

/** Runs of correct lines are one text each: an override may have thousands of lines. */
function LineNumbers({ count, wrong }: { readonly count: number; readonly wrong: ReadonlySet<number> }) {
  const parts = []
  let run = ''
  for (let line = 1; line <= count; line += 1) {
    if (!wrong.has(line)) {
      run += `${line}\n`
      continue
    }
    parts.push(run, <span key={line} class="wrong">{`${line}\n`}</span>)
    run = ''
  }
  return (
    <>
      {parts}
      {run}
    </>
  )
}
