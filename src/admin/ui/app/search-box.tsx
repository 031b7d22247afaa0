import type { Signal } from '@preact/signals'

interface SearchBoxProps {
  readonly text: Signal<string>
  /** For those who do not see it. */
  readonly label: string
  readonly placeholder: string
}

/** Filters what is below it while one types. */
export function SearchBox({ text, label, placeholder }: SearchBoxProps) {
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={text}
      onInput={event => {
        text.value = event.currentTarget.value
      }}
    />
  )
}
