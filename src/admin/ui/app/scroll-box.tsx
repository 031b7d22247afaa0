import type { ComponentChildren } from 'preact'

interface ScrollBoxProps {
  readonly label: string
  readonly class?: string
  readonly children: ComponentChildren
}

/** A part of the page that scrolls by itself. It takes the focus, or a keyboard could not scroll it. */
export function ScrollBox({ label, class: name = '', children }: ScrollBoxProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: not every browser lets a keyboard into what only scrolls
    <section class={`scroll ${name}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
