import { ScrollBox } from '../scroll-box.tsx'

const COMMANDS: readonly { readonly syntax: string; readonly meaning: string }[] = [
  {
    syntax: 'route add <service> <src> <dst> [weight <w>] [tags "<t1>,<t2>"] [opts "<k>=<v> …"]',
    meaning: 'Adds a target to the route of a source. One that is there already stays as it is.',
  },
  {
    syntax: 'route del <service> [<src> [<dst>]]',
    meaning: 'Removes the targets of a service: all, those of one source, or a single one.',
  },
  { syntax: 'route del [<service>] tags "<t1>,<t2>"', meaning: 'Removes the targets that have all of these tags.' },
  {
    syntax: 'route weight <service> <src> weight <w> [tags "<t1>,<t2>"]',
    meaning:
      'Sends this share of the requests of a source to the matching targets of the service; they divide it evenly.',
  },
  {
    syntax: 'route weight <src> weight <w> tags "<t1>,<t2>"',
    meaning: 'The same for the targets of any service that have all of these tags.',
  },
]

const WORDS: readonly { readonly word: string; readonly meaning: string }[] = [
  { word: '<src>', meaning: '/path, host/path, *.host/path or, for TCP, :port. Without a scheme.' },
  { word: '<dst>', meaning: 'The address of a target, for instance http://10.0.0.5:8080/ or tcp://10.0.0.5:3306.' },
  { word: '<w>', meaning: 'A share from 0 to 1. 0 or none: an even part of what the others leave.' },
  {
    word: 'opts',
    meaning:
      'For instance strip=/path, prepend=/path, host=dst, redirect=301, proto=https, allow=ip:10.0.0.0/8, auth=<name>.',
  },
  { word: '#', meaning: 'A line that begins so is a comment.' },
]

export function CommandHelp() {
  return (
    <details class="help">
      <summary>Help: the route commands</summary>
      <p>
        One command a line. They are applied after the routes from the registry, from top to bottom; paths in
        alphabetical order. A line that is not a command costs only itself.
      </p>
      <dl>
        {COMMANDS.map(({ syntax, meaning }) => (
          <div key={syntax}>
            <dt>
              <code>{syntax}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <dl class="words">
        {WORDS.map(({ word, meaning }) => (
          <div key={word}>
            <dt>
              <code>{word}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <p>An example: a tenth of the requests of the shop goes to its new version.</p>
      <ScrollBox label="Example">
        <pre>{'route weight shop www.example.com/shop weight 0.1 tags "v2"'}</pre>
      </ScrollBox>
    </details>
  )
}
