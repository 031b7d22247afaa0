import type { ComponentChildren } from 'preact'
import type { PageSettings } from '../page-settings.ts'
import type { ColorScheme, SchemeChoice } from './color-scheme.ts'
import type { Connection, LiveUpdates } from './live-updates.ts'
import type { Page } from './page.ts'
import { StateNotices } from './state-notices.tsx'

interface ShellProps {
  readonly settings: PageSettings
  readonly page: Page
  readonly live: LiveUpdates
  readonly scheme: SchemeChoice
  readonly children: ComponentChildren
}

/** What all pages have in common: the bar at the top. */
export function Shell({ settings, page, live, scheme, children }: ShellProps) {
  const { base, title, version, isReadOnly, hasProblems, canExplain, hasHistory, hasCertificates } = settings
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <a class="home" href={`${base}/`} aria-label={`fabio${title === '' ? '' : ` ${title}`}, routing table`}>
          <Logo />
          {title !== '' && <span class="title">{title}</span>}
        </a>
        <nav aria-label="Pages">
          <NavLink href={`${base}/routes`} text="Routes" isCurrent={page.name === 'routes'} />
          {hasProblems && (
            <NavLink href={`${base}/problems`} text="Problems" isCurrent={page.name === 'problems'}>
              <ProblemCount live={live} />
            </NavLink>
          )}
          {canExplain && <NavLink href={`${base}/explain`} text="Explain" isCurrent={page.name === 'explain'} />}
          {hasHistory && <NavLink href={`${base}/history`} text="History" isCurrent={page.name === 'history'} />}
          {isReadOnly ? (
            <ReadOnlyNote />
          ) : (
            <NavLink href={`${base}/manual`} text="Overrides" isCurrent={page.name === 'manual'} />
          )}
          {hasCertificates && <NavLink href={`${base}/certs`} text="Certificates" isCurrent={page.name === 'certs'} />}
          <NavLink href={`${base}/config`} text="Config" isCurrent={page.name === 'config'} />
        </nav>
        <div class="bar-end">
          <ConnectionMark connection={live.connection.value} />
          <span class="version" title="Version of fabio">
            {version}
          </span>
          <SchemeButton scheme={scheme} />
        </div>
      </header>
      <StateNotices status={live.status.value} />
      {children}
    </>
  )
}

function NavLink({
  href,
  text,
  isCurrent,
  children,
}: {
  readonly href: string
  readonly text: string
  readonly isCurrent: boolean
  readonly children?: ComponentChildren
}) {
  return (
    <a href={href} {...(isCurrent ? { 'aria-current': 'page' } : {})}>
      {text}
      {children}
    </a>
  )
}

function ProblemCount({ live }: { readonly live: LiveUpdates }) {
  const found = live.status.value?.problems
  const count = (found?.count ?? 0) + (found?.conflicts ?? 0)
  return count === 0 ? null : <span class="count">{count.toLocaleString()}</span>
}

function ReadOnlyNote() {
  return (
    <details class="read-only">
      <summary>Read-only</summary>
      <p>
        Overrides can be neither seen nor changed here: <code>ui.access</code> is <code>ro</code>. With{' '}
        <code>ui.access = rw</code> they can.
      </p>
    </details>
  )
}

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
  paused: 'paused',
}

function ConnectionMark({ connection }: { readonly connection: Connection }) {
  return (
    <span class={`connection ${connection}`} role="status" title="Whether this page hears of changes as they happen">
      <span class="pulse" aria-hidden="true" />
      {CONNECTIONS[connection]}
    </span>
  )
}

const SCHEMES: Readonly<Record<ColorScheme, { readonly name: string; readonly shape: string }>> = {
  system: { name: 'as the system', shape: 'M8 2a6 6 0 1 1 0 12z' },
  light: {
    name: 'light',
    shape:
      'M8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M8 .8v1M8 14.2v1M.8 8h1M14.2 8h1M2.9 2.9l.7.7M12.4 12.4l.7.7M2.9 13.1l.7-.7M12.4 3.600l.7-.7',
  },
  dark: { name: 'dark', shape: 'M13.5 9.800A6 6 0 0 1 6.200 2.5a6 6 0 1 0 7.300 7.300z' },
}

function SchemeButton({ scheme }: { readonly scheme: SchemeChoice }) {
  const { name, shape } = SCHEMES[scheme.scheme.value]
  return (
    <button
      type="button"
      class="icon scheme"
      aria-label={`Colours: ${name}. Change`}
      title={`Colours: ${name}`}
      onClick={() => scheme.next()}
    >
      <svg
        viewBox="0 0 16 16"
        width="18"
        height="18"
        aria-hidden="true"
        fill="currentColor"
        stroke="currentColor"
        stroke-width="1.2"
        stroke-linecap="round"
      >
        {scheme.scheme.value === 'system' && <circle cx="8" cy="8" r="6" fill="none" />}
        <path d={shape} />
      </svg>
    </button>
  )
}

/** One line in, three out; drawn here as well because its colour follows the bar's. */
function Logo() {
  return (
    <svg
      class="logo"
      viewBox="0 0 148 40"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="3.2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d="M3 20h9M12 20C20 20 20 8 28 8h7M12 20h23M12 20c8 0 8 12 16 12h7" />
      <path d="m31 4 4 4-4 4m0 4 4 4-4 4m0 4 4 4-4 4" />
      <path d="M66 8c-5-1-8 1-8 6v18M53 17h11M87 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0M87 17v15M95 7v25M110 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0M118 17v15M118 9.5v.01M141 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0" />
    </svg>
  )
}
