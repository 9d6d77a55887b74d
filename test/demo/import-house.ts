import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { ctxOf, type House } from '../../bff/src/ctx'
import { openDatabase } from '../../bff/src/db'
import { type ImportReport, importMembers } from '../../bff/src/import'
import { openRing } from '../../bff/src/key'
import { keysFrom } from '../../bff/src/keys'
import { diskPictures } from '../../bff/src/picture-store'
import { registry } from '../../bff/src/registry'
import { createWechat, memoryTokenStore } from '../../bff/src/wechat'

type Wish = Parameters<typeof importMembers>[1]

export interface ImportHouse {
  importMembers: (wish: Wish) => Promise<ImportReport>
  close: () => Promise<void>
}

/** A house with the brand's keys and no reach to WeChat: an import asks nobody. @throws when the keys are not the house's */
export async function openImportHouse(url: string, masterKey: string): Promise<ImportHouse> {
  const silent = { info() {}, warn() {}, error() {}, debug() {} }
  const keys = keysFrom(masterKey)
  const database = openDatabase(url, 2, `huiyuan key ${keys.current}`)
  const house: House = {
    prisma: database.prisma,
    sql: database.sql,
    now: () => new Date(),
    wechat: createWechat({
      apiBase: 'http://127.0.0.1:9',
      oauthBase: 'http://127.0.0.1:9',
      apps: { weapp: { appid: '-', secret: '-' }, oa: { appid: '-', secret: '-' } },
      tokenStore: memoryTokenStore(),
      log: silent,
    }),
    ...{ weappId: '-', oaAppId: '-', templates: {}, sendText: async () => {}, outside: { allowLocal: false } },
    ...{ pictures: diskPictures(join(tmpdir(), 'huiyuan-import')), publicUrl: 'http://127.0.0.1:9' },
    ...{ keys, policy: DEMO_POLICY, registry, log: silent },
  }
  try {
    await openRing(house)
  } catch (error) {
    await database.close()
    throw error
  }
  return { importMembers: (wish) => importMembers(ctxOf(house), wish), close: database.close }
}
