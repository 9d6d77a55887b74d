import { ApiRefusal } from './endpoint'
import { type Code, type CodeKind, getPerson, type Person, type World } from './world'

/**
 * Uses up a code. 40029 for a wrong, expired or other app's or kind's code; 40163 for a used one, except for phone
 * codes, which know only 40029.
 */
export function useCode(world: World, kind: CodeKind, appid: string, text: string): { code: Code; person: Person } {
  const code = world.codes.get(text)
  if (!code || code.kind !== kind || code.appid !== appid) throw new ApiRefusal(40029, 'invalid code')
  if (code.used)
    throw kind === 'phone' ? new ApiRefusal(40029, 'invalid code') : new ApiRefusal(40163, 'code been used')
  if (code.expiresAt <= world.clock.now()) throw new ApiRefusal(40029, 'invalid code')
  code.used = true
  return { code, person: getPerson(world, code.personKey) }
}
