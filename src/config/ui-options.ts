import { bool, freeText, keyValues, oneOf, text } from './option.ts'

export const uiOptions = {
  addr: keyValues('ui.addr', ':9998', 'listener of the admin UI and API', '', { example: '{{GetPrivateIP}}:9998' }),
  access: oneOf(['rw', 'ro'], 'ui.access', 'rw', 'whether the admin pages can change manual routes'),
  color: text('ui.color', 'light-green', 'colour of the head of the admin pages, a Materialize name'),
  title: freeText('ui.title', '', 'title of the admin pages'),
  path: text('ui.path', '', 'path below which admin UI and API are served; /health stays where it is', '1.7.1'),
  routingTable: {
    source: {
      linkEnabled: bool(
        'ui.routingtable.source.linkenabled',
        'false',
        'makes the source column of the routes page a link',
        '1.6.3',
      ),
      newTab: bool(
        'ui.routingtable.source.newtab',
        'true',
        'opens the link of the source column in a new tab',
        '1.6.3',
      ),
      scheme: text('ui.routingtable.source.scheme', 'http', 'scheme of the link of the source column', '1.6.3'),
      host: text(
        'ui.routingtable.source.host',
        '',
        'host of the link of the source column, for routes that name none',
        '1.6.3',
      ),
      port: text('ui.routingtable.source.port', '', 'port of the link of the source column', '1.6.3'),
    },
  },
}
