import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** New connections of `server` go to `take` from now on. @returns what gives one to the server after all */
export function takeConnections(server: Server, take: (socket: Socket) => void): (socket: Socket) => void {
  const serve = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', take)
  return socket => {
    for (const listener of serve) listener.call(server, socket)
  }
}
