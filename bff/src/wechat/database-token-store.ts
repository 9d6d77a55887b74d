import type { PrismaClient } from '@huiyuan/prisma/client'
import type { Keys } from '../keys'
import type { TokenStore } from './token-store'

/** WeChat's access token, shared by all processes and sealed at rest. */
export const databaseTokenStore = (prisma: PrismaClient, keys: Keys): TokenStore => ({
  async read(appid) {
    const row = await prisma.wechatToken.findUnique({ where: { appid } })
    return row ? { token: keys.openText(row.tokenSealed), expiresAt: row.expiresAt } : null
  },
  async write(appid, token, expiresAt) {
    const tokenSealed = keys.seal(token)
    await prisma.wechatToken.upsert({
      where: { appid },
      create: { appid, tokenSealed, expiresAt },
      update: { tokenSealed, expiresAt },
    })
  },
})
