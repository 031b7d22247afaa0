import { useEffect, useRef } from 'preact/hooks'
import { ScrollBox } from '../scroll-box.tsx'
import { type DiffLine, diffLines, type NumberedLine } from './line-diff.ts'
import type { OverrideDraft } from './override-draft.ts'

/** Two texts for one override: what is stored beside what is being edited, and the three ways out. */
export function ConflictView({ draft }: { readonly draft: OverrideDraft }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const theirs = draft.conflict.value
  if (theirs === undefined) return null
  return (
    <section class="conflict" aria-labelledby="conflict-heading">
      <h2 id="conflict-heading" ref={heading} tabIndex={-1}>
        Somebody else changed this override
      </h2>
      <p>
        Since you began, version {theirs.version} has been stored. Nothing of yours is lost and nothing of theirs:
        choose what becomes of the two.
      </p>
      <ScrollBox label="Comparison" class="comparison">
        <table class="diff">
          <colgroup>
            <col class="line-number" />
            <col />
            <col class="line-number" />
            <col />
          </colgroup>
          <thead>
            <tr>
              <th colSpan={2} scope="col">
                − Theirs, stored as version {theirs.version}
              </th>
              <th colSpan={2} scope="col">
                + Mine, not stored
              </th>
            </tr>
          </thead>
          <tbody>
            {diffLines(theirs.value.trim(), draft.text.value.trim()).map((line, i) => (
              <Line key={i} line={line} />
            ))}
          </tbody>
        </table>
      </ScrollBox>
      <p class="actions">
        <button type="button" class="primary" onClick={() => draft.overwrite()}>
          Store mine over theirs
        </button>
        <button type="button" onClick={() => draft.takeTheirs()}>
          Take theirs, drop mine
        </button>
        <button type="button" onClick={() => draft.keepEditing()}>
          Edit mine further
        </button>
      </p>
    </section>
  )
}

function Line({ line }: { readonly line: DiffLine }) {
  if (line.kind === 'hidden') {
    return (
      <tr class="hidden-lines">
        <td colSpan={4}>
          {line.count} equal {line.count === 1 ? 'line' : 'lines'}
        </td>
      </tr>
    )
  }
  return (
    <tr class={line.kind}>
      <Side line={line.left} mark="−" name="theirs" isChanged={line.kind === 'changed'} />
      <Side line={line.right} mark="+" name="mine" isChanged={line.kind === 'changed'} />
    </tr>
  )
}

interface SideProps {
  readonly line: NumberedLine | undefined
  readonly mark: string
  readonly name: string
  readonly isChanged: boolean
}

function Side({ line, mark, name, isChanged }: SideProps) {
  if (line === undefined) return <td colSpan={2} class="absent" />
  return (
    <>
      <td class="line-number">{line.number}</td>
      <td class={isChanged ? name : ''}>
        {isChanged && (
          <span class="mark" role="img" aria-label={name}>
            {mark}
          </span>
        )}
        {line.text}
      </td>
    </>
  )
}
