import type { Problem } from '../answers.ts'
import { formatSince } from '../format-time.ts'

/** One mistake: whose it is, the text with what is wrong marked, and what would be right. */
export function ProblemItem({ problem }: { readonly problem: Problem }) {
  const { origin, text, column, reason, expected, since } = problem
  const at = Math.min(Math.max(0, column - 1), text.length)
  return (
    <li>
      <p>
        <ProblemPlace problem={problem} />, since {formatSince(since)}
      </p>
      {origin.kind !== 'route' && (
        <code class="wrong-text">
          {text.slice(0, at)}
          <mark>{text.slice(at) || ' '}</mark>
        </code>
      )}
      <p>
        {capitalize(reason)}. Expected: {origin.kind === 'route' ? expected : <code>{expected}</code>}
      </p>
    </li>
  )
}

function ProblemPlace({ problem: { origin, column } }: { readonly problem: Problem }) {
  switch (origin.kind) {
    case 'service':
      return (
        <>
          <strong>{origin.service}</strong> instance {origin.instance} on {origin.node}, column {column}
        </>
      )
    case 'text':
      return (
        <>
          <strong>{origin.source}</strong> line {origin.line}, column {column}
        </>
      )
    case 'route':
      return (
        <>
          Route <strong>{`${origin.host}${origin.path}`}</strong>
        </>
      )
  }
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
