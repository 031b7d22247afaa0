// One line comes in, three go out: what a load balancer does. The letters are strokes, so no font is needed.
const MARK = '<path d="M3 20h9M12 20C20 20 20 8 28 8h7M12 20h23M12 20c8 0 8 12 16 12h7"/>'
const ARROWS = '<path d="m31 4 4 4-4 4m0 4 4 4-4 4m0 4 4 4-4 4"/>'
const LETTERS =
  '<path d="M66 8c-5-1-8 1-8 6v18M53 17h11"/>' +
  '<path d="M87 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0M87 17v15"/>' +
  '<path d="M95 7v25M110 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0"/>' +
  '<path d="M118 17v15M118 9.5v.01"/>' +
  '<path d="M141 24.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0"/>'

/** For a page of any colour. */
export const LOGO_SVG = formatLogo({ mark: '#6a9f2f', letters: '#7a837a', width: 148 })
/** For a coloured bar. */
export const LOGO_BW_SVG = formatLogo({ mark: '#ffffff', letters: '#ffffff', width: 148 })
/** The mark alone, for the tab of a browser. */
export const ICON_SVG = formatLogo({ mark: '#6a9f2f', letters: undefined, width: 40 })

function formatLogo(style: {
  readonly mark: string
  readonly letters: string | undefined
  readonly width: number
}): string {
  const letters = style.letters === undefined ? '' : `<g stroke="${style.letters}" stroke-width="3.4">${LETTERS}</g>`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${style.width} 40" width="${style.width}" height="40" ` +
    `fill="none" stroke-linecap="round" stroke-linejoin="round"><title>fabio</title>` +
    `<g stroke="${style.mark}" stroke-width="3">${MARK}${ARROWS}</g>${letters}</svg>\n`
  )
}
