import type { NoRoutePage } from './context.ts'

/** What Go takes for the beginning of HTML, in the order and sense of the WHATWG MIME sniffing rules. */
const HTML_STARTS = [
  '<!doctype html',
  '<html',
  '<head',
  '<script',
  '<iframe',
  '<h1',
  '<div',
  '<font',
  '<table',
  '<a',
  '<style',
  '<title',
  '<b',
  '<body',
  '<br',
  '<p',
  '<!--',
]

/** The no-route answer with this text as its body. The type is guessed from the text, as in the original. */
export function createNoRoutePage(html: string): NoRoutePage {
  if (html === '') return { body: '', lines: '' }
  return { body: Buffer.from(html, 'utf8').toString('latin1'), lines: `Content-Type: ${guessType(html)}\r\n` }
}

function guessType(text: string): string {
  if (looksLikeHtml(text)) return 'text/html; charset=utf-8'
  return text.trimStart().startsWith('<?xml') ? 'text/xml; charset=utf-8' : 'text/plain; charset=utf-8'
}

function looksLikeHtml(text: string): boolean {
  const start = text.trimStart().slice(0, 20).toLowerCase()
  return HTML_STARTS.some(tag => {
    if (!start.startsWith(tag)) return false
    if (tag === '<!--') return true
    const next = start[tag.length]
    return next === ' ' || next === '>'
  })
}
