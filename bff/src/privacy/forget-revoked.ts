import type { Ctx } from '../ctx'

/** WeChat's numbers of what a person had shown: the phone; nickname and picture, alone or as one of three ways to be asked. */
const PHONE = 8
const NAMES = [6, 19, 20]

/**
 * Somebody took back in WeChat what they had shown of themselves: the phone no longer leads here, the name goes. Everything else
 * they have stays.
 * @param revoked WeChat's numbers, see {@link NAMES}; others change nothing
 * @throws BUSY when a merge takes the member along just now
 */
export async function forgetRevoked(
  tx: Ctx,
  { appid, openid, revoked }: { appid: string; openid: string; revoked: number[] },
): Promise<void> {
  const phone = revoked.includes(PHONE)
  const name = revoked.some((number) => NAMES.includes(number))
  if (phone || name) await tx.sql('member_forget', { appid, openid, phone, name, at: tx.now() })
}
