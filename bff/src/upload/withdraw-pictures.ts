import { alongOf, type Ctx } from '../ctx'

/**
 * Somebody took back in WeChat the pictures they had let us see: their rows stay as a note that there was one, and what waits with one of
 * them comes back without costing a try. What a colleague has decided stays decided. Done before: nothing happens.
 * → keys of the bytes to remove once this is committed
 * @throws BUSY when a merge takes the member along just now
 */
export async function withdrawPictures(
  tx: Ctx,
  { memberId, appid, openid }: { memberId: string; appid: string; openid: string },
): Promise<string[]> {
  const at = tx.now()
  const along = alongOf(tx, 'upload.checked', { memberId, verdict: 'removed', at })
  const { storageKeys } = await tx.sql<{ storageKeys: string[] }>('upload_withdraw', { appid, openid, at, along })
  return storageKeys
}
