/** What the landing page does in the browser. */
export const LANDING_SCRIPT = `'use strict'
const at = id => document.getElementById(id)

const button = at('api-button')
button.addEventListener('click', async () => {
  button.disabled = true
  const count = { v1: 0, v2: 0, failed: 0 }
  const show = () => {
    const asked = count.v1 + count.v2 + count.failed
    at('bar-v1').style.width = (count.v1 / asked) * 100 + '%'
    at('bar-v2').style.width = (count.v2 / asked) * 100 + '%'
    at('api-result').textContent = 'v1: ' + count.v1 + ', v2: ' + count.v2 + (count.failed ? ', failed: ' + count.failed : '')
  }
  for (let asked = 0; asked < 50; asked++) {
    try {
      const version = (await (await fetch('/api/version', { cache: 'no-store' })).text()).trim()
      count[version === 'v1' || version === 'v2' ? version : 'failed']++
    } catch {
      count.failed++
    }
    show()
  }
  button.disabled = false
})

let socket
const connect = () => {
  socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/ws')
  socket.onopen = () => { at('ws-result').textContent = 'connected' }
  socket.onmessage = event => { at('ws-result').textContent = 'echo: ' + event.data }
  socket.onclose = () => {
    at('ws-result').textContent = 'not connected'
    setTimeout(connect, 2000)
  }
}
connect()
at('ws-form').addEventListener('submit', event => {
  event.preventDefault()
  if (socket.readyState === WebSocket.OPEN) socket.send(at('ws-text').value)
})

const events = new EventSource('/events')
events.onmessage = event => { at('events-result').textContent = event.data }
events.onerror = () => { at('events-result').textContent = 'waiting …' }
`
