import { newId } from './id'
import { keepForSure, kept } from './storage'

const INSTALL = 'install'

/**
 * A random mark of this phone, the same for whoever signs in on it; the server keeps only a hash of it. It stays when
 * somebody signs out. A phone without room to keep it sends none, rather than another one each time.
 */
export function ownInstall(): { install?: string } {
  const known = kept<string>(INSTALL)
  if (known) return { install: known }
  const install = newId()
  return keepForSure(INSTALL, install) ? { install } : {}
}
