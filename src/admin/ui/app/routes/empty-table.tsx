import type { PageSettings } from '../../page-settings.ts'
import type { ServerStatus } from '../answers.ts'
import { ScrollBox } from '../scroll-box.tsx'

/** What to do for a first route, depending on where routes come from. */
export function EmptyTable({
  status,
  settings,
}: {
  readonly status: ServerStatus | undefined
  readonly settings: PageSettings
}) {
  const backend = status?.registry.backend ?? 'consul'
  return (
    <section class="empty">
      <h2>No routes yet</h2>
      {backend === 'consul' ? <ConsulHint tagPrefix={settings.tagPrefix} /> : <BackendHint backend={backend} />}
    </section>
  )
}

function ConsulHint({ tagPrefix }: { readonly tagPrefix: string }) {
  const registration = {
    Name: 'hello',
    Port: 8080,
    Tags: [`${tagPrefix}/hello`],
    Check: { HTTP: 'http://localhost:8080/health', Interval: '5s' },
  }
  return (
    <>
      <p>
        A service appears here once it is registered in Consul with a tag that starts with <code>{tagPrefix}</code> and
        its health check passes. For instance, save this as <code>hello.json</code>:
      </p>
      <ScrollBox label="A registration">
        <pre>{JSON.stringify(registration, null, 2)}</pre>
      </ScrollBox>
      <p>and hand it to the Consul agent next to the service:</p>
      <ScrollBox label="A command">
        <pre>curl -X PUT -d @hello.json http://localhost:8500/v1/agent/service/register</pre>
      </ScrollBox>
      <p>Nothing happens? The tag may lack a slash (a source is /path or host/path), or the check may not pass yet.</p>
    </>
  )
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['static', 'Routes come from the option registry.static.routes, one command a line:'],
  ['file', 'Routes come from the file named by registry.file.path, one command a line:'],
  [
    'custom',
    'Routes come from the address in the registry.custom options, which answers with JSON. One route in command language looks like this:',
  ],
])

function BackendHint({ backend }: { readonly backend: string }) {
  return (
    <>
      <p>
        {HINTS.get(backend) ??
          `Routes come from the registry backend ${backend}. In command language a route looks like this:`}
      </p>
      <ScrollBox label="A route command">
        <pre>route add hello /hello http://10.0.0.5:8080/</pre>
      </ScrollBox>
    </>
  )
}
