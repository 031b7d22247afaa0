import { isIP } from 'node:net'
import type { AccessRules } from '../route/access-rules.ts'

/**
 * `allow=`, `deny=`: the client itself, and every address that proxies before us say it came from. `forwardedFor` are the values of
 * its X-Forwarded-For lines.
 */
export function mayComeIn(rules: AccessRules, address: string, forwardedFor: Iterable<string>): boolean {
  if (!rules.allows(address)) return false
  for (const value of forwardedFor) {
    for (const part of value.split(',')) {
      const forwarded = part.trim()
      if (forwarded === address || isIP(forwarded) === 0) continue
      if (!rules.allows(forwarded)) return false
    }
  }
  return true
}
