import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Explanation, ServiceExplanation } from '../../../../explain/explanation.ts'
import { type Api, describeError } from '../api.ts'
import { RequestView } from './request-view.tsx'
import { ServiceView } from './service-view.tsx'

type Answer =
  | { readonly kind: 'request'; readonly explanation: Explanation }
  | { readonly kind: 'service'; readonly explanation: ServiceExplanation }

/** Why does a request go where it goes; why is a service routed or not. What was asked is in the address. */
export function ExplainPage({ api }: { readonly api: Api }) {
  const query = new URLSearchParams(location.search)
  const url = useSignal(query.get('url') ?? '')
  const method = useSignal(query.get('method') ?? 'GET')
  const headers = useSignal(query.getAll('header').join('\n'))
  const client = useSignal(query.get('client') ?? '')
  const service = useSignal(query.get('service') ?? '')
  const answer = useSignal<Answer | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)

  const ask = (question: Promise<Answer>, asked: URLSearchParams) => {
    history.replaceState(null, '', `?${asked}`)
    error.value = undefined
    question.then(
      found => {
        answer.value = found
      },
      cause => {
        answer.value = undefined
        error.value = describeError(cause)
      },
    )
  }
  const askRequest = () => {
    const asked = new URLSearchParams({ url: url.value.trim(), method: method.value.trim() || 'GET' })
    for (const line of headers.value.split('\n')) if (line.trim() !== '') asked.append('header', line.trim())
    if (client.value.trim() !== '') asked.set('client', client.value.trim())
    ask(
      api.explain(asked).then(explanation => ({ kind: 'request', explanation })),
      asked,
    )
  }
  const askService = () => {
    const asked = new URLSearchParams({ service: service.value.trim() })
    ask(
      api.explainService(service.value.trim()).then(explanation => ({ kind: 'service', explanation })),
      asked,
    )
  }
  useEffect(() => {
    if (url.value !== '') askRequest()
    else if (service.value !== '') askService()
  }, [])

  const field = (signal: typeof url) => ({
    value: signal,
    autocomplete: 'off',
    spellcheck: false,
    onInput: (event: { currentTarget: { value: string } }) => {
      signal.value = event.currentTarget.value
    },
  })
  const onSubmit = (submit: () => void) => (event: Event) => {
    event.preventDefault()
    submit()
  }
  return (
    <main id="main">
      <div class="page-head">
        <h1>Explain</h1>
        <p class="muted">By the code that serves requests. Nothing is sent anywhere.</p>
      </div>
      <div class="questions">
        <form class="card" onSubmit={onSubmit(askRequest)}>
          <h2>Where does this request go?</h2>
          <label for="explain-url">URL</label>
          <input id="explain-url" type="text" required placeholder="http://www.example.com/shop" {...field(url)} />
          <div class="pair">
            <div>
              <label for="explain-method">Method</label>
              <input id="explain-method" type="text" {...field(method)} />
            </div>
            <div>
              <label for="explain-client">Client address</label>
              <input id="explain-client" type="text" placeholder="127.0.0.1" {...field(client)} />
            </div>
          </div>
          <label for="explain-headers">Headers, one a line</label>
          <textarea id="explain-headers" rows={2} placeholder="Authorization: Basic …" {...field(headers)} />
          <p class="actions">
            <button type="submit" class="primary">
              Explain the request
            </button>
          </p>
        </form>
        <form class="card" onSubmit={onSubmit(askService)}>
          <h2>Why is this service (not) routed?</h2>
          <label for="explain-service">Service</label>
          <input id="explain-service" type="text" required placeholder="shop" {...field(service)} />
          <p class="actions">
            <button type="submit">Explain the service</button>
          </p>
        </form>
      </div>
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      <div aria-live="polite">
        {answer.value?.kind === 'request' && <RequestView explanation={answer.value.explanation} />}
        {answer.value?.kind === 'service' && <ServiceView explanation={answer.value.explanation} />}
      </div>
    </main>
  )
}
