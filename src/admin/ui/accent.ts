/** Colours of the pages that follow from `ui.color`, as `#rrggbb`, each for the light and the dark scheme. */
export interface Accent {
  /** The bar at the top, the place of the current page on it, and the text on both. */
  readonly bar: Scheme
  readonly barCurrent: Scheme
  readonly onBar: Scheme
  /** Links, marks and the focus ring, on the page's own background. */
  readonly text: Scheme
}

interface Scheme {
  readonly light: string
  readonly dark: string
}

type Rgb = readonly [number, number, number]

// The names of Materialize, the style sheet of Fabio's pages; `ui.color` holds its class names.
const PALETTE: ReadonlyMap<string, Rgb> = new Map<string, Rgb>([
  ['red', [0xf4, 0x43, 0x36]],
  ['pink', [0xe9, 0x1e, 0x63]],
  ['purple', [0x9c, 0x27, 0xb0]],
  ['deep-purple', [0x67, 0x3a, 0xb7]],
  ['indigo', [0x3f, 0x51, 0xb5]],
  ['blue', [0x21, 0x96, 0xf3]],
  ['light-blue', [0x03, 0xa9, 0xf4]],
  ['cyan', [0x00, 0xbc, 0xd4]],
  ['teal', [0x00, 0x96, 0x88]],
  ['green', [0x4c, 0xaf, 0x50]],
  ['light-green', [0x8b, 0xc3, 0x4a]],
  ['lime', [0xcd, 0xdc, 0x39]],
  ['yellow', [0xff, 0xeb, 0x3b]],
  ['amber', [0xff, 0xc1, 0x07]],
  ['orange', [0xff, 0x98, 0x00]],
  ['deep-orange', [0xff, 0x57, 0x22]],
  ['brown', [0x79, 0x55, 0x48]],
  ['grey', [0x9e, 0x9e, 0x9e]],
  ['blue-grey', [0x60, 0x7d, 0x8b]],
  ['black', [0x00, 0x00, 0x00]],
  ['white', [0xff, 0xff, 0xff]],
])
const DEFAULT_COLOR: Rgb = [0x8b, 0xc3, 0x4a]
const LIGHTEN = [0, 0.2, 0.4, 0.6, 0.75, 0.9]
const DARKEN = [0, 0.1, 0.2, 0.35, 0.5]

const WHITE: Rgb = [255, 255, 255]
const BLACK: Rgb = [0, 0, 0]
const INK: Rgb = [0x14, 0x1a, 0x12]
/** Text on the bar meets WCAG 2.2 AA with some room; so does accent text on the rows under the pointer, the worst of its backgrounds. */
const MIN_CONTRAST = 4.6
const LIGHT_HOVER: Rgb = [0xee, 0xf1, 0xee]
const DARK_HOVER: Rgb = [0x2a, 0x31, 0x2b]

/** `light-green`, `blue-grey darken-2` …; a name that is not Materialize's gives the default. */
export function buildAccent(color: string): Accent {
  const base = parseColor(color)
  const light = buildBar(base, contrast(INK, base) >= contrast(WHITE, base) ? INK : WHITE)
  const dark = buildBar(mix(base, [0x10, 0x14, 0x11], 0.55), WHITE)
  return {
    bar: { light: toHex(light.bar), dark: toHex(dark.bar) },
    barCurrent: { light: toHex(light.current), dark: toHex(dark.current) },
    onBar: { light: toHex(light.text), dark: toHex(dark.text) },
    text: {
      light: toHex(untilReadable(base, LIGHT_HOVER, BLACK)),
      dark: toHex(untilReadable(base, DARK_HOVER, WHITE)),
    },
  }
}

/** The current page stands out by going away from the text's colour, so the text on it is read even better. */
function buildBar(color: Rgb, text: Rgb): { readonly bar: Rgb; readonly current: Rgb; readonly text: Rgb } {
  const away = text === WHITE ? BLACK : WHITE
  const bar = untilReadable(color, text, away)
  return { bar, current: mix(bar, away, text === WHITE ? 0.3 : 0.4), text }
}

/** The WCAG contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrastRatio(a: string, b: string): number {
  return contrast(fromHex(a), fromHex(b))
}

function parseColor(color: string): Rgb {
  const words = color.toLowerCase().split(/\s+/)
  const base = words.map(word => PALETTE.get(word)).find(rgb => rgb !== undefined) ?? DEFAULT_COLOR
  const shade = words.map(word => /^(lighten|darken)-([1-5])$/.exec(word)).find(match => match !== null)
  if (shade === undefined) return base
  const step = Number(shade[2])
  return shade[1] === 'lighten' ? mix(base, WHITE, LIGHTEN[step] ?? 0) : mix(base, BLACK, DARKEN[step] ?? 0.5)
}

/** Moves `color` towards `end` as little as it takes to be read against `other`. */
function untilReadable(color: Rgb, other: Rgb, end: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(color, end, share)
    if (contrast(candidate, other) >= MIN_CONTRAST) return candidate
  }
  return end
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const channel = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share)
  return [channel(0), channel(1), channel(2)]
}

function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05)
}

function luminance([r, g, b]: Rgb): number {
  const [lr = 0, lg = 0, lb = 0] = [r, g, b].map(value => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * lr + 0.7152 * lg + 0.0722 * lb
}

function toHex(rgb: Rgb): string {
  return `#${rgb.map(value => value.toString(16).padStart(2, '0')).join('')}`
}

function fromHex(hex: string): Rgb {
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16)
  return [channel(1), channel(3), channel(5)]
}
