import { computed, signal } from '@preact/signals'
import type { OverridePreview } from '../../../override-preview.ts'
import type { Override, Rejection } from '../answers.ts'
import { type Api, ApiError, describeError } from '../api.ts'

const CHECK_DELAY_MS = 350
const LOOK_PAUSE_MS = 2000

/** The text of one override as it is edited, and what is known of the stored one. */
export class OverrideDraft {
  readonly path: string
  readonly text = signal('')
  /** What was stored when this draft was last in step with it. */
  readonly stored = signal<Override | undefined>(undefined)
  readonly error = signal<string | undefined>(undefined)
  /** What has been done, for a person. */
  readonly note = signal('')
  readonly isSaving = signal(false)
  /** Somebody else stored another text while this one was edited; not yet looked at. */
  readonly others = signal<Override | undefined>(undefined)
  /** The other text, being compared with this one. */
  readonly conflict = signal<Override | undefined>(undefined)
  readonly rejections = signal<readonly Rejection[]>([])
  /** What storing the draft would do; undefined while that is not known, or there is nothing to store. */
  readonly preview = signal<OverridePreview | undefined>(undefined)
  readonly isDirty = computed(
    () => this.stored.value !== undefined && !isSameText(this.text.value, this.stored.value.value),
  )

  readonly #api: Api
  readonly #canCheck: boolean
  readonly #canPreview: boolean
  #checkTimer: number | undefined
  #lookTimer: number | undefined

  constructor(api: Api, path: string, options: { readonly canCheck: boolean; readonly canPreview: boolean }) {
    this.#api = api
    this.#canCheck = options.canCheck
    this.#canPreview = options.canPreview
    this.path = path
    // Asked by the browser's own dialog, which no text of ours can replace.
    addEventListener('beforeunload', event => {
      if (this.isDirty.value) event.preventDefault()
    })
  }

  async load(): Promise<void> {
    try {
      this.#adopt(await this.#api.override(this.path))
      this.error.value = undefined
    } catch (cause) {
      this.error.value = `The override cannot be loaded: ${describeError(cause)}`
    }
  }

  edit(text: string): void {
    this.text.value = text
    this.note.value = ''
    this.#checkSoon()
  }

  /** Stores the draft, unless somebody else was faster: then `conflict` has the other text. */
  async save(): Promise<void> {
    const version = this.stored.value?.version
    if (version === undefined || this.isSaving.value) return
    this.isSaving.value = true
    this.error.value = undefined
    this.note.value = ''
    const mine = this.text.value
    try {
      await this.#api.storeOverride(this.path, { value: mine, version })
      this.#settle(await this.#api.override(this.path), mine)
    } catch (cause) {
      await this.#onSaveError(cause, mine)
    } finally {
      this.isSaving.value = false
    }
  }

  /** The table changed, perhaps because of this override: a clean draft follows, an edited one is told of. */
  lookForOthers(): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined
      void this.#look()
    }, LOOK_PAUSE_MS)
  }

  compareWithOthers(): void {
    this.conflict.value = this.others.value
    this.others.value = undefined
  }

  async overwrite(): Promise<void> {
    this.keepEditing()
    await this.save()
  }

  takeTheirs(): void {
    const theirs = this.conflict.value
    if (theirs === undefined) return
    this.conflict.value = undefined
    this.#adopt(theirs)
    this.note.value = `This is version ${theirs.version} as it is stored.`
  }

  /** The next save replaces what was compared with. */
  keepEditing(): void {
    if (this.conflict.value !== undefined) this.stored.value = this.conflict.value
    this.conflict.value = undefined
  }

  async #onSaveError(cause: unknown, mine: string): Promise<void> {
    if (!(cause instanceof ApiError) || cause.status !== 409) {
      this.error.value = `Not stored: ${describeError(cause)}`
      return
    }
    try {
      this.#settle(await this.#api.override(this.path), mine)
    } catch (readCause) {
      this.error.value = `Not stored: somebody else changed this override, and their text cannot be loaded: ${describeError(readCause)}`
    }
  }

  /** After an attempt to store `mine`, successful or not. */
  #settle(now: Override, mine: string): void {
    if (!isSameText(now.value, mine)) {
      this.conflict.value = now
      return
    }
    this.stored.value = now
    this.others.value = undefined
    this.preview.value = undefined
    this.note.value = `Stored as version ${now.version}.`
  }

  async #look(): Promise<void> {
    if (this.isSaving.value || this.conflict.value !== undefined || this.stored.value === undefined) return
    let now: Override
    try {
      now = await this.#api.override(this.path)
    } catch {
      return // The next change or the next save tries again, and a save says what is wrong.
    }
    if (this.isSaving.value || this.stored.value === undefined || now.version === this.stored.value.version) return
    const isUnchanged = isSameText(now.value, this.stored.value.value)
    if (isUnchanged || isSameText(now.value, this.text.value)) this.stored.value = now
    else if (this.isDirty.value) this.others.value = now
    else {
      this.#adopt(now)
      this.note.value = `Somebody else changed this override; this is version ${now.version}.`
    }
  }

  #adopt(override: Override): void {
    this.stored.value = override
    this.text.value = override.value
    this.others.value = undefined
    this.#checkSoon()
  }

  #preview(text: string): void {
    const version = this.stored.value?.version
    if (!this.#canPreview || version === undefined || !this.isDirty.value) return
    this.#api.previewOverride(this.path, { value: text, version }).then(
      preview => {
        if (text === this.text.value && this.isDirty.value) this.preview.value = preview
      },
      () => {
        this.preview.value = undefined // A help, like the check.
      },
    )
  }

  #checkSoon(): void {
    this.preview.value = undefined
    if (!this.#canCheck) return
    clearTimeout(this.#checkTimer)
    this.#checkTimer = setTimeout(() => {
      const text = this.text.value
      this.#preview(text)
      this.#api.check(text).then(
        rejections => {
          if (text === this.text.value) this.rejections.value = rejections
        },
        () => {
          this.rejections.value = [] // A check is a help; saving does not depend on it.
        },
      )
    }, CHECK_DELAY_MS)
  }
}

/** The server trims what it gives back, and a text field has no carriage returns. */
function isSameText(a: string, b: string): boolean {
  return a.replaceAll('\r\n', '\n').trim() === b.replaceAll('\r\n', '\n').trim()
}
