import { useEffect } from 'preact/hooks'
import type { PageSettings } from '../../page-settings.ts'
import type { Api } from '../api.ts'
import { CommandHelp } from './command-help.tsx'
import { ConflictView } from './conflict-view.tsx'
import { Editor } from './editor.tsx'
import type { OverrideDraft } from './override-draft.ts'
import { PathList } from './path-list.tsx'
import { PreviewView } from './preview-view.tsx'

interface ManualPageProps {
  readonly settings: PageSettings
  readonly api: Api
  readonly draft: OverrideDraft
}

export function ManualPage({ settings, api, draft }: ManualPageProps) {
  useEffect(() => void draft.load(), [draft])
  return (
    <main id="main" class="manual">
      <PathList api={api} base={settings.base} current={draft.path} version={draft.stored.value?.version} />
      <div class="override">
        <div class="page-head">
          <h1>Manual Routes{draft.path !== '' && <span class="mono"> {draft.path}</span>}</h1>
          <DraftState draft={draft} />
        </div>
        {!settings.canStore && (
          <p class="notice warn">
            This registry backend keeps no overrides, so nothing can be stored here. Overrides live in Consul’s
            key/value store, with <code>registry.backend = consul</code>.
          </p>
        )}
        {draft.others.value !== undefined && draft.conflict.value === undefined && (
          <p class="notice warn" role="alert">
            Somebody else stored version {draft.others.value.version} while you were editing.{' '}
            <button type="button" onClick={() => draft.compareWithOthers()}>
              Compare
            </button>
          </p>
        )}
        {draft.error.value !== undefined && (
          <p class="notice danger" role="alert">
            {draft.error.value}
          </p>
        )}
        {draft.conflict.value === undefined ? (
          <Editing draft={draft} canStore={settings.canStore} />
        ) : (
          <ConflictView draft={draft} />
        )}
        <CommandHelp />
      </div>
    </main>
  )
}

function Editing({ draft, canStore }: { readonly draft: OverrideDraft; readonly canStore: boolean }) {
  const isRight = draft.rejections.value.length === 0
  const canSave = canStore && draft.isDirty.value && !draft.isSaving.value && isRight
  return (
    <>
      <Editor
        label={`Route commands of ${draft.path === '' ? 'the default override' : draft.path}`}
        text={draft.text.value}
        rejections={draft.rejections.value}
        disabled={!canStore || draft.stored.value === undefined}
        onInput={text => draft.edit(text)}
        onSave={() => void (canSave && draft.save())}
      />
      <p class="actions">
        <button type="button" class="primary" disabled={!canSave} onClick={() => draft.save()}>
          {draft.isSaving.value ? 'Saving…' : 'Save'}
        </button>
        <button
          type="button"
          disabled={!draft.isDirty.value}
          onClick={() => draft.edit(draft.stored.value?.value ?? '')}
        >
          Revert
        </button>
        {!isRight && <span class="mistake">What is not a command cannot be stored.</span>}
        <span class="muted">Ctrl+S saves. To switch an override off, empty it.</span>
      </p>
      {draft.preview.value !== undefined && <PreviewView preview={draft.preview.value} />}
    </>
  )
}

function DraftState({ draft }: { readonly draft: OverrideDraft }) {
  const version = draft.stored.value?.version
  return (
    <p class="draft-state" role="status">
      {draft.isDirty.value ? (
        <span class="badge warn">not saved</span>
      ) : (
        draft.note.value !== '' && <span class="badge ok">{draft.note}</span>
      )}
      {version !== undefined && <span class="muted">Version {version}</span>}
    </p>
  )
}
