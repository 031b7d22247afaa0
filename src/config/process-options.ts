import { bool, freeText, integer, oneOf, preferablyOneOf, text } from './option.ts'

const ONLY_GO = 'it is about the runtime of Go; there are cpu and mem'

export const processOptions = {
  insecure: bool('insecure', 'false', 'says that running as root is intended; only changes the warning', '1.5.7'),
  profileMode: oneOf(
    ['', 'cpu', 'mem', 'mutex', 'block', 'trace'],
    'profile.mode',
    '',
    'what to profile: cpu and mem write a file a thread when the process ends, for the developer tools of Chromium; the others have no effect',
    '',
    {
      refusal: (mode: string) => `Invalid profile mode "${mode}"`,
      later: { mutex: ONLY_GO, block: ONLY_GO, trace: ONLY_GO },
    },
  ),
  profilePath: text('profile.path', '', 'directory the profile is written to', '', {
    defaultNote: 'the directory for temporary files',
  }),
  dev: bool('dev', 'false', 'development mode: runs a registry of its own, needs no Consul', 'ours', {
    flagOnly: true,
  }),
}

export const logOptions = {
  accessFormat: freeText(
    'log.access.format',
    'common',
    'access log format: common, combined or a pattern of fields',
    '',
    { example: '$remote_host [$time_rfc3339] "$request" $response_status $response_body_size $upstream_addr' },
  ),
  accessTarget: text('log.access.target', '', 'where access log lines go: stdout, or empty for no access log'),
  level: preferablyOneOf(
    ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
    'log.level',
    'INFO',
    'least level that is logged',
    '1.5.3',
    { ignoreCase: true },
  ),
  routesFormat: preferablyOneOf(
    ['delta', 'all', 'detail'],
    'log.routes.format',
    'delta',
    'how a change of the routing table is logged',
  ),
  format: oneOf(
    ['text', 'json'],
    'log.format',
    'text',
    'log lines as text in the form of Fabio, or as one JSON object a line',
    'ours',
  ),
  accessEscape: bool(
    'log.access.escape',
    'false',
    'escapes control characters and quotes in values of the access log',
    'ours',
  ),
}

export const runtimeOptions = {
  gogc: integer('runtime.gogc', '100', 'garbage collection target of the Go runtime; accepted without effect'),
  gomaxprocs: integer('runtime.gomaxprocs', '-1', 'how many cores the data plane uses', '', {
    defaultNote: 'the number of cores',
  }),
}

export const globOptions = {
  matchingDisabled: bool(
    'glob.matching.disabled',
    'false',
    'compares host names for equality only, without wildcards',
    '1.5.10',
  ),
  cacheSize: integer('glob.cache.size', '1000', 'how many compiled host patterns are kept; 0 keeps none', '1.5.14'),
}
