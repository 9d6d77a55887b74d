import type { Ctx } from '../ctx'
import { withdrawPictures } from '../upload'

/** WeChat's numbers of what a person had shown: the phone, photos; nickname and picture, alone or as one of three ways to be asked. */
const PHONE = 8
const PHOTOS = 14
const NAMES = [6, 19, 20]

/**
 * Somebody took back in WeChat what they had shown of themselves: the phone no longer leads here, the name and the photos go. Everything
 * else they have stays.
 * @param revoked WeChat's numbers, see {@link NAMES}; others change nothing
 * → keys of pictures whose bytes are to be removed once this is committed
 * @throws BUSY when a merge takes the member along just now
 */
export async function forgetRevoked(
  tx: Ctx,
  { revoked, ...who }: { memberId: string; appid: string; openid: string; revoked: number[] },
): Promise<string[]> {
  const phone = revoked.includes(PHONE)
  const name = revoked.some((number) => NAMES.includes(number))
  const { appid, openid } = who
  if (phone || name) await tx.sql('member_forget', { appid, openid, phone, name, at: tx.now() })
  return revoked.includes(PHOTOS) ? withdrawPictures(tx, who) : []
}
