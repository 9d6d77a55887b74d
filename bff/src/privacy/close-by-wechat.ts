import type { Ctx } from '../ctx'
import { cancelDue } from './cancel-due'

/**
 * Somebody closed their WeChat account: it is no way in any more, and all places have to sign in anew. Who can come in by nothing
 * else is leaving from now on.
 * @throws BUSY when a merge takes the member along just now
 */
export async function closeByWechat(tx: Ctx, account: { appid: string; openid: string }): Promise<void> {
  await tx.sql('member_close', { ...account, at: tx.now(), dueAt: cancelDue(tx) })
}
