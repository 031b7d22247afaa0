import { access, constants, readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { parseHtpasswd } from '../auth/htpasswd.ts'
import { loadEndpoint } from '../consul/endpoint.ts'
import { reasonOf, type Subject } from './subject.ts'

/** Files that are read at the start: users, Consul's certificates, BGP, and the place of profiles. */
export async function checkFiles(subject: Subject): Promise<void> {
  checkConsulTls(subject)
  await checkHtpasswdFiles(subject)
  await checkBgpFile(subject)
  await checkProfilePath(subject)
}

async function checkHtpasswdFiles({ config, findings, placeOf }: Subject): Promise<void> {
  for (const { name, file } of config.proxy.authSchemes.values()) {
    let text: string
    try {
      text = await readFile(file, 'latin1')
    } catch (cause) {
      findings.error(placeOf('proxy.auth'), `proxy.auth ${name}: open ${file}: ${reasonOf(cause)}`)
      continue
    }
    const { users, problems } = parseHtpasswd(text)
    for (const { line, problem } of problems) findings.warn(`${file}:${line}`, `${problem}; this line lets nobody in`)
    if (users.size === 0) findings.warn(file, `there are no users in it: nobody gets through auth=${name}`)
  }
}

function checkConsulTls({ config: { registry }, env, findings, placeOf }: Subject): void {
  if (registry.backend !== 'consul') return
  try {
    createSecureContext(loadEndpoint(registry.consul, env).tls)
  } catch (cause) {
    const { keyFile, certFile, caFile, caPath } = registry.consul.tls
    const given = Object.entries({ keyfile: keyFile, certfile: certFile, cafile: caFile, capath: caPath })
    const name = given.find(([, path]) => path !== '')?.[0]
    const option = name === undefined ? 'registry.consul.addr' : `registry.consul.tls.${name}`
    findings.error(placeOf(option), `${option}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

async function checkBgpFile({ config: { bgp }, findings, placeOf }: Subject): Promise<void> {
  if (!bgp.enabled || bgp.gobgpdCfgFile === '') return
  try {
    await access(bgp.gobgpdCfgFile, constants.R_OK)
  } catch (cause) {
    const reason = `could not open ${bgp.gobgpdCfgFile}: ${reasonOf(cause)}`
    findings.error(placeOf('bgp.gobgpdcfgfile'), `BGP configuration invalid: ${reason}`)
  }
}

/** A directory that is not there is made when it is needed. */
async function checkProfilePath({ config: { process }, findings, placeOf }: Subject): Promise<void> {
  if (process.profileMode === '') return
  const found = await stat(process.profilePath).catch(() => undefined)
  if (found === undefined || found.isDirectory()) return
  findings.error(placeOf('profile.path'), `profile.path: ${process.profilePath} is not a directory`)
}
