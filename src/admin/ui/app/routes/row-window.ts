import { signal } from '@preact/signals'

/** Up to here all rows are in the document: the browser's own search and print work. */
const MAX_WHOLE = 200
const OVERSCAN_ROWS = 12

/**
 * Which rows of a long table are in the document: those on the screen and some around. All rows have the same height, the
 * style sheet's `--row-height`, so nothing needs to be measured but the place of the table's body.
 */
export class RowWindow {
  readonly first = signal(0)
  readonly end = signal(MAX_WHOLE)
  rowHeight = 40
  #head: HTMLElement | undefined
  #count = 0

  /** Follows scrolling and resizing until the function that comes back is called. The rows begin where `head` ends. */
  follow(head: HTMLElement): () => void {
    this.#head = head
    const update = () => this.update(this.#count)
    addEventListener('scroll', update, { passive: true })
    addEventListener('resize', update)
    update()
    return () => {
      removeEventListener('scroll', update)
      removeEventListener('resize', update)
    }
  }

  update(count: number): void {
    this.#count = count
    if (this.#head === undefined) return
    this.rowHeight = Number.parseFloat(getComputedStyle(this.#head).getPropertyValue('--row-height')) || 40
    if (count <= MAX_WHOLE) return this.#set(0, count)
    const above = -this.#head.getBoundingClientRect().bottom
    const firstOnScreen = Math.floor(above / this.rowHeight)
    const onScreen = Math.ceil(innerHeight / this.rowHeight)
    const first = Math.min(Math.max(0, firstOnScreen - OVERSCAN_ROWS), Math.max(0, count - onScreen))
    this.#set(first, Math.min(count, first + onScreen + 2 * OVERSCAN_ROWS))
  }

  /** Brings a row onto the screen. */
  reveal(index: number): void {
    if (this.#head === undefined) return
    const top = this.#head.getBoundingClientRect().bottom + index * this.rowHeight
    const covered = this.#coveredHeight(this.#head)
    if (top < covered) scrollBy({ top: top - covered, behavior: 'instant' })
    else if (top + this.rowHeight > innerHeight)
      scrollBy({ top: top + this.rowHeight - innerHeight, behavior: 'instant' })
    this.update(this.#count)
  }

  rowsOnScreen(): number {
    return Math.max(1, Math.floor(innerHeight / this.rowHeight) - 3)
  }

  /** The headings stay at the top of the window, except on small screens. */
  #coveredHeight(head: HTMLElement): number {
    const heading = head.querySelector('th')
    return heading !== null && getComputedStyle(heading).position === 'sticky' ? heading.offsetHeight : 0
  }

  #set(first: number, end: number): void {
    this.first.value = first
    this.end.value = end
  }
}
