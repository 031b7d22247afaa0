import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import type { CertificateSource } from '../answers.ts'
import type { Api } from '../api.ts'
import type { LiveUpdates } from '../live-updates.ts'
import { LoadState, useLoaded } from '../loaded.tsx'
import { SearchBox } from '../search-box.tsx'
import { CertificateItem } from './certificate-item.tsx'

const MAX_SHOWN = 500

/** What the listeners show their clients, where it comes from, and how long it lasts. */
export function CertsPage({ base, api, live }: { base: string; api: Api; live: LiveUpdates }) {
  const { value: sources, error, load } = useLoaded('The certificates', () => api.certificates())
  const filter = useSignal('')
  const version = useComputed(() => live.status.value?.certificates)
  useSignalEffect(() => {
    if (version.value !== undefined) load()
  })
  const wanted = filter.value.trim().toLowerCase()
  const count = (sources.value ?? []).reduce((sum, { certificates }) => sum + certificates.length, 0)
  const shown = (sources.value ?? []).map(source => withWanted(source, wanted))
  const shownCount = shown.reduce((sum, { certificates }) => sum + certificates.length, 0)
  return (
    <main id="main">
      <div class="page-head">
        <h1>Certificates</h1>
        <p class="muted">
          What listeners show their clients; those that end first come first.{' '}
          <a href={`${base}/api/certs?pretty`}>JSON</a>
        </p>
      </div>
      <LoadState value={sources} error={error} />
      {sources.value?.length === 0 && (
        <section class="empty">
          <h2>No certificates</h2>
          <p>
            No listener has TLS. Name a source in <code>proxy.cs</code>, and refer to it with <code>cs=</code> in{' '}
            <code>proxy.addr</code> or <code>ui.addr</code>.
          </p>
        </section>
      )}
      {count > 0 && (
        <div class="toolbar">
          <SearchBox text={filter} label="Filter certificates" placeholder="server name, issuer, file, serial …" />
          <p class="muted" role="status">
            {shownCount === count ? `${count} in all` : `${shownCount} of ${count}`}
          </p>
        </div>
      )}
      {shown.map(source => (
        <SourceCard key={source.source} source={source} isFiltered={wanted !== ''} />
      ))}
    </main>
  )
}

function withWanted(source: CertificateSource, wanted: string): CertificateSource {
  const certificates = source.certificates
    .filter(certificate => JSON.stringify(certificate).toLowerCase().includes(wanted))
    .sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter))
  return { ...source, certificates }
}

function SourceCard({
  source: shown,
  isFiltered,
}: {
  readonly source: CertificateSource
  readonly isFiltered: boolean
}) {
  const { source, type, certificates, clientAuthorities, problems, error } = shown
  return (
    <section class="card certificates" aria-label={`Source ${source}`}>
      <h2>
        {source} <span class="badge">{type}</span>
      </h2>
      {error !== null && <p class="notice warn">Nothing newer can be had: {error}</p>}
      {clientAuthorities !== null && <p class="muted">{describeClients(clientAuthorities)}</p>}
      {problems.length > 0 && (
        <div class="notice danger">
          <p>What is wrong costs only itself, and its last good form is served:</p>
          <ul>
            {problems.map(({ name, reason }) => (
              <li key={`${name} ${reason}`}>
                <strong>{name}</strong> {reason}
              </li>
            ))}
          </ul>
        </div>
      )}
      {certificates.length === 0 && (
        <p class="muted">{isFiltered ? 'None of these matches.' : describeNothing(type)}</p>
      )}
      <ul class="steps">
        {certificates.slice(0, MAX_SHOWN).map(certificate => (
          <CertificateItem key={certificate.name} certificate={certificate} />
        ))}
      </ul>
      {certificates.length > MAX_SHOWN && <p>The first {MAX_SHOWN} are shown.</p>}
    </section>
  )
}

function describeNothing(type: string): string {
  if (type === 'vault-pki') return 'Nothing yet: a certificate is made when a client asks for its name.'
  return 'Nothing yet: its listeners refuse every client.'
}

function describeClients(authorities: number): string {
  if (authorities === 0) return 'Clients need a certificate, and no authority for them is known: nobody gets in.'
  return `Clients need a certificate of ${authorities === 1 ? 'one authority' : `one of ${authorities} authorities`}.`
}
