import type { CertificateSet } from '../cert/certificate-set.ts'
import type { Listener } from '../listener/listener.ts'
import { IssueRequests } from './issue-requests.ts'
import type { ToWorker } from './messages.ts'

/** The certificates of this thread's listeners, as the control plane sends them. */
export class WorkerCertificates {
  private readonly sets = new Map<string, CertificateSet>()
  private readonly listeners = new Map<Listener, string>()
  private readonly requests: IssueRequests
  private ticketKey: Uint8Array | undefined

  /** @param ask asks the control plane for a certificate of this name */
  constructor(ask: (source: string, serverName: string) => void) {
    this.requests = new IssueRequests(ask)
  }

  receive(message: Extract<ToWorker, { kind: 'certificates' | 'issued' | 'ticket-key' }>): void {
    switch (message.kind) {
      case 'certificates':
        this.sets.set(message.source, message.set)
        for (const [listener, source] of this.listeners)
          if (source === message.source) listener.setCertificates(message.set)
        return
      case 'issued':
        return this.requests.answered(message.source, message.serverName)
      case 'ticket-key':
        this.ticketKey = message.key
        for (const listener of this.listeners.keys()) listener.setTicketKey(message.key)
    }
  }

  /** The listener gets what there is, and what there will be. */
  add(listener: Listener, source: string): void {
    this.listeners.set(listener, source)
    const set = this.sets.get(source)
    if (set !== undefined) listener.setCertificates(set)
    if (this.ticketKey !== undefined) listener.setTicketKey(this.ticketKey)
  }

  forget(listener: Listener): void {
    this.listeners.delete(listener)
  }

  issue(source: string, serverName: string, done: () => void): void {
    this.requests.add(source, serverName, done)
  }
}
