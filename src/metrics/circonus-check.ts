import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { CirconusApi, CirconusBroker, CirconusCheckBundle } from './circonus-api.ts'

/** Where to PUT the numbers, and what to expect of the one who answers there. */
export interface CirconusTrap {
  readonly url: URL
  /** The broker's authority and the names its certificate may bear; undefined for the defaults. */
  readonly tls?: { readonly ca: string; readonly commonNames: readonly string[] } | undefined
  /** A check that only takes listed metrics. */
  readonly needsActivation: boolean
}

export interface CirconusCheckOptions {
  readonly checkId: string
  readonly brokerId: string
  readonly submissionUrl: string
}

const SERVICE_TAG = 'service:fabio'
const CHECK_TYPE = 'httptrap'

/**
 * Finds the check to send to, in Circonus' order: by submission URL, by check id, by what an earlier run of this instance
 * left behind; and makes one when there is none.
 * @throws Error when the API cannot be reached, or the check cannot be used
 */
export async function findCirconusTrap(api: CirconusApi, options: CirconusCheckOptions): Promise<CirconusTrap> {
  const bundle = await findCheckBundle(api, options)
  if (!bundle.type.startsWith(CHECK_TYPE) || bundle.submissionUrl === undefined) {
    throw new Error(`check ${bundle.cid} is of type ${bundle.type}: only ${CHECK_TYPE} checks have a submission URL`)
  }
  const url = new URL(bundle.submissionUrl)
  const needsActivation = !bundle.hasMetricFilters
  if (url.protocol !== 'https:' || url.hostname === 'api.circonus.com') return { url, needsActivation }
  const [brokerCid] = bundle.brokers
  if (brokerCid === undefined) throw new Error(`check ${bundle.cid} has no broker`)
  const commonNames = commonNamesFor(url.hostname, await api.broker(brokerCid))
  return { url, tls: { ca: await api.certificateAuthority(), commonNames }, needsActivation }
}

async function findCheckBundle(api: CirconusApi, options: CirconusCheckOptions): Promise<CirconusCheckBundle> {
  if (options.submissionUrl !== '') return api.checkBundleOf(await checkOfSubmissionUrl(api, options.submissionUrl))
  if (options.checkId !== '') return api.checkBundleOf(`/check/${options.checkId}`)
  const search = `(active:1)(type:"${CHECK_TYPE}")(tags:${SERVICE_TAG})`
  const mine = onlyOne(await api.searchCheckBundles(search, { f_notes: notes() }))
  // Older clients told instances apart by the target instead.
  const older =
    mine ??
    onlyOne(await api.searchCheckBundles(`(active:1)(type:"${CHECK_TYPE}")(host:"${hostname()}")(tags:${SERVICE_TAG})`))
  return older ?? api.createCheckBundle(await newCheckBundle(api, options.brokerId))
}

/** scheme://host/module/httptrap/<uuid>/<secret> */
async function checkOfSubmissionUrl(api: CirconusApi, submissionUrl: string): Promise<string> {
  const uuid = /\/module\/httptrap\/([^/]+)\/[^/]+$/.exec(new URL(submissionUrl).pathname)?.[1]
  if (uuid === undefined)
    throw new Error(`metrics.circonus.submissionurl: '${submissionUrl}' has no /module/httptrap/<uuid>/<secret>`)
  const [check, another] = await api.checksByUuid(uuid)
  if (check === undefined) throw new Error(`no active check with UUID ${uuid}`)
  if (another !== undefined) throw new Error(`more than one active check with UUID ${uuid}`)
  return check
}

function onlyOne(bundles: readonly CirconusCheckBundle[]): CirconusCheckBundle | undefined {
  if (bundles.length > 1)
    throw new Error(`${bundles.length} active checks match this instance, set metrics.circonus.checkid`)
  return bundles[0]
}

async function newCheckBundle(api: CirconusApi, brokerId: string): Promise<Readonly<Record<string, unknown>>> {
  const broker = await chooseBroker(api, brokerId)
  return {
    brokers: [broker.cid],
    config: { async_metrics: 'true', secret: randomBytes(8).toString('hex') },
    display_name: `${hostname()} /fabio`,
    metric_filters: [
      ['deny', '^$', ''],
      ['allow', '^.+$', ''],
    ],
    metrics: [],
    notes: notes(),
    period: 60,
    status: 'active',
    tags: [SERVICE_TAG],
    target: hostname(),
    timeout: 10,
    type: CHECK_TYPE,
  }
}

async function chooseBroker(api: CirconusApi, brokerId: string): Promise<CirconusBroker> {
  if (brokerId !== '') {
    const broker = await api.broker(`/broker/${brokerId}`)
    if (!canTrap(broker))
      throw new Error(`broker ${brokerId} (${broker.name}) is not active or does not take ${CHECK_TYPE} checks`)
    return broker
  }
  const usable = (await api.brokers()).filter(canTrap)
  // An organisation that runs brokers of its own wants them used.
  const enterprise = usable.filter(broker => broker.type === 'enterprise')
  const candidates = enterprise.length > 0 ? enterprise : usable
  const chosen = candidates[Math.floor(Math.random() * candidates.length)]
  if (chosen === undefined) throw new Error(`no active broker takes ${CHECK_TYPE} checks`)
  return chosen
}

function canTrap(broker: CirconusBroker): boolean {
  return (
    ['circonus', 'enterprise'].includes(broker.type) &&
    broker.instances.some(
      instance => instance.isActive && instance.hosts.length > 0 && instance.modules.includes(CHECK_TYPE),
    )
  )
}

/** Certificates of brokers bear a name; submission URLs often an address. */
function commonNamesFor(host: string, broker: CirconusBroker): string[] {
  const instances = broker.instances.filter(instance => instance.isActive && instance.hosts.includes(host))
  return [host, ...instances.map(instance => instance.commonName)]
}

/** How Circonus' own clients mark the instance a check belongs to. */
function notes(): string {
  return `cgm_instanceid|${hostname()}`
}
