import type { Certificate } from '../answers.ts'
import { timeLeft } from './time-left.ts'

/** One certificate: for which names, until when, by whom. */
export function CertificateItem({ certificate }: { readonly certificate: Certificate }) {
  const { name, serverNames, issuer, serial, fingerprint256, notBefore, notAfter } = certificate
  const { text, mark } = timeLeft(Date.parse(notAfter), Date.now())
  return (
    <li>
      <p class="certificate-head">
        <strong>{serverNames.length === 0 ? 'no server name' : serverNames.join(', ')}</strong>
        <span class={`badge ${mark}`}>{text}</span>
      </p>
      <p class="muted">
        until <Time at={notAfter} /> · issued by {issuer} · from <span class="mono">{name}</span>
      </p>
      <details>
        <summary>Serial and fingerprint</summary>
        <dl class="facts">
          <div>
            <dt>Valid from</dt>
            <dd>
              <Time at={notBefore} />
            </dd>
          </div>
          <div>
            <dt>Serial</dt>
            <dd class="mono">{serial}</dd>
          </div>
          <div>
            <dt>SHA-256</dt>
            <dd class="mono">{fingerprint256}</dd>
          </div>
        </dl>
      </details>
    </li>
  )
}

function Time({ at }: { readonly at: string }) {
  return <time dateTime={at}>{new Date(at).toLocaleString()}</time>
}
